package publish

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Audit compares a destination with what was deployed to it.
type Audit struct {
	placeFlags
	terminal.OutputFlags
	To            string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	RedirectStore string `name:"redirect-store" placeholder:"ARN" help:"The CloudFront KeyValueStore that the redirects are kept in too (default: the one that the live release names); \"none\" leaves it out."`
	PublicURL     string `name:"public-url" placeholder:"URL" help:"The site's public address, as the deploys name it: for the redirect store."`
}

// Help has the example.
func (Audit) Help() string {
	return `Compares what a destination holds with what was deployed, by its listing alone:
what is missing, what somebody has changed, and what is not ours (and is never
touched). Where redirects are also kept in a CloudFront KeyValueStore, its keys are
looked at too. Exit code 4 when something of ours is not as it was left.

Examples:

  pressrun audit s3://www.example.org
  pressrun audit s3://www.example.org --json | jq -r '.changed[]'`
}

// errDrift says that a destination is not as it was left.
var errDrift = errors.New("the destination is not as the last deploy left it; pressrun deploy --repair puts that right (with --allow foreign-files also what others changed)")

// errUnfinished says that the files compared so far are as they were left.
var errUnfinished = errors.New("a deploy is under way, or did not finish: if none runs, the next pressrun deploy finishes it")

// errRedirectDrift says that redirects differ, while all files are as they were left.
var errRedirectDrift = errors.New("the redirect store is not as the last deploy left it; the next pressrun deploy with --redirect-store puts our own keys right, and leaves others'")

// Run audits.
func (c *Audit) Run(ctx context.Context, t *terminal.Terminal) error {
	dest, err := c.open(ctx, c.To, reportWaiting(t))
	if err != nil {
		return err
	}
	a, err := c.audit(ctx, dest)
	if errors.Is(err, history.ErrNoRelease) {
		return exit.With(exit.NotFound, err)
	}
	if err != nil {
		return err
	}
	p := c.Printer(t)
	if err := c.print(p, a); err != nil {
		return err
	}
	switch {
	case len(a.Pending) > 0 && len(a.Missing)+len(a.Changed) == 0:
		return exit.With(exit.Conflict, errUnfinished)
	case !a.Clean():
		return exit.With(exit.Conflict, errDrift)
	case a.Redirects != nil && !a.Redirects.Clean():
		return exit.With(exit.Conflict, errRedirectDrift)
	}
	return nil
}

// auditDocument is the command's output with --json.
type auditDocument struct {
	audit.Audit
	Redirects *redirect.Audit `json:"redirects,omitempty"` // where they are in a store too

	leftOut string // the store that is not looked at
}

func (c *Audit) audit(ctx context.Context, dest store.Destination) (auditDocument, error) {
	var doc auditDocument
	head, err := history.ReadHead(ctx, dest.State, c.Site)
	if err != nil {
		return doc, err
	}
	arn := c.RedirectStore
	switch {
	case arn == "":
		arn = head.RedirectStore
	case arn == "none":
		arn, doc.leftOut = "", head.RedirectStore
	case arn != head.RedirectStore && head.RedirectStore == "":
		return doc, exit.With(exit.Usage, fmt.Errorf("the live release keeps its redirects in no store, so not in %s either", arn))
	case arn != head.RedirectStore:
		return doc, exit.With(exit.Usage, fmt.Errorf("the live release keeps its redirects in %s, not in %s", head.RedirectStore, arn))
	}
	var store *redirectkv.Store
	if arn != "" {
		if store, err = redirectkv.Open(ctx, redirectkv.Config{ARN: arn, PublicURL: c.PublicURL}); err != nil {
			return doc, exit.With(exit.Usage, err)
		}
	}
	if doc.Audit, err = audit.Run(ctx, dest, c.Site); err != nil || store == nil {
		return doc, err
	}
	redirects, err := audit.Redirects(ctx, dest, store, c.Site)
	if err != nil {
		return doc, fmt.Errorf("%w (--redirect-store none leaves it out)", err)
	}
	doc.Redirects = &redirects
	return doc, nil
}

func (c *Audit) print(p *terminal.Printer, a auditDocument) error {
	if c.JSON {
		return p.Document(a)
	}
	rows := terminal.Fields{{"release", fmt.Sprint(a.Release)}, {"files", fmt.Sprint(a.Files)}}
	if len(a.Pending) > 0 {
		rows = append(rows, []string{"unfinished deploys", fmt.Sprint(len(a.Pending))})
	}
	rows = appendEach(rows, "missing", a.Missing)
	rows = appendEach(rows, "changed", a.Changed)
	rows = appendEach(rows, "not ours", a.Foreign)
	rows = appendEach(rows, "to be deleted", a.ToDelete) // by the next deploy
	if a.Clean() {
		rows = append(rows, []string{"ours", "all as it was deployed"})
	}
	if a.leftOut != "" {
		rows = append(rows, []string{"redirect store", "not looked at: " + a.leftOut})
	}
	if r := a.Redirects; r != nil {
		rows = append(rows, []string{"redirect store", r.Store}, []string{"its keys", fmt.Sprint(r.Keys)})
		rows = appendEach(rows, "key missing", r.Missing)
		rows = appendEach(rows, "key changed", r.Changed)
		rows = appendEach(rows, "key added", r.Added)
		rows = appendEach(rows, "key not ours", r.Foreign)
		if r.Clean() {
			rows = append(rows, []string{"our keys", "all as they were deployed"})
		}
	}
	return p.Fields(rows)
}

func appendEach(rows terminal.Fields, name string, values []string) terminal.Fields {
	for _, value := range values {
		rows = append(rows, []string{name, value})
	}
	return rows
}
