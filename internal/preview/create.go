package preview

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/preview/mark"
	"github.com/pressrun/pressrun/internal/publish"
)

// Creation says which preview to make, or to build anew.
type Creation struct {
	Ask
	Name     string // "" for the name that Name makes of the branch
	Dir      string // the build
	Quota    Quota
	DryRun   bool
	Progress func(deploy.Event)
	Now      func() time.Time
}

// Created is the result of Create.
type Created struct {
	Record
	// Removed are previews that were removed to keep the quota.
	Removed []string `json:"removed"`
	DryRun  bool     `json:"dry_run,omitempty"`
	Sent    int      `json:"sent"` // files
	Reused  int      `json:"unchanged"`
}

// strict are the guards that apply to previews: the others compare with the live release,
// or require files that only the public site needs.
var strict = []string{guard.EmptyOutput, guard.SecretFiles, guard.RefusedFiles, guard.ReservedNames}

// Create publishes a build as a preview.
func (p *Place) Create(ctx context.Context, c Creation) (Created, error) {
	c.Name, c.Content = cmp.Or(c.Name, Name(c.Ref)), cmp.Or(c.Content, Last)
	e, r, gone, err := p.begin(ctx, c)
	if err != nil || c.DryRun {
		return Created{Record: r, Removed: gone, DryRun: c.DryRun}, err
	}
	report, err := p.publish(ctx, c, e)
	if _, late := errors.AsType[*Conflict](err); late {
		return Created{}, p.undo(ctx, c.Name, err)
	}
	if err != nil {
		return Created{}, err
	}
	out := Created{Record: Finish(r, c.Content, report.Files, report.Bytes, c.Now()), Removed: gone, Sent: report.Uploaded, Reused: report.Counts.Unchanged}
	if _, err = p.write(ctx, e, out.Record); err != nil {
		return Created{}, p.undo(ctx, c.Name, err)
	}
	return out, nil
}

// begin writes that the preview is being built into its record, and makes room for it.
func (p *Place) begin(ctx context.Context, c Creation) (*entry, Record, []string, error) {
	was, err := p.read(ctx, c.Name)
	if err != nil && !errors.Is(err, ErrNone) {
		return nil, Record{}, nil, err
	}
	var before *Record
	if was != nil {
		before = &was.Record
	}
	r, err := Begin(before, c.Name, c.Ask, c.Now())
	if err != nil {
		return nil, r, nil, err
	}
	all, err := p.All(ctx)
	if err != nil {
		return nil, r, nil, err
	}
	evicted, err := c.Quota.Evict(all, c.Name)
	if err != nil {
		return nil, r, nil, err
	}
	gone := []string{}
	for _, r := range evicted {
		gone = append(gone, r.Name)
	}
	if c.DryRun {
		return nil, r, gone, nil
	}
	if err := p.Claim(ctx); err != nil {
		return nil, r, nil, err
	}
	for _, r := range evicted {
		if err := p.Remove(ctx, Target{r.Name, r.Ref}, c.Now()); err != nil {
			return nil, r, nil, fmt.Errorf("make room: %w", err)
		}
	}
	r.Build = rand.Text()
	e, err := p.write(ctx, was, r)
	return e, r, gone, err
}

// publish deploys the marked build. Its headers let no CDN cache a file, so no purge is
// needed, neither after a push nor after the removal.
func (p *Place) publish(ctx context.Context, c Creation, e *entry) (publish.Report, error) {
	temporary, err := os.MkdirTemp("", "pressrun-preview-*")
	if err != nil {
		return publish.Report{}, fmt.Errorf("make a folder for the marked pages: %w", err)
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	if err := marked(ctx, c.Dir, temporary, c.notice()); err != nil {
		return publish.Report{}, fmt.Errorf("mark the pages as a preview: %w", err)
	}
	if err := os.WriteFile(filepath.Join(temporary, "robots.txt"), []byte(mark.Robots), 0o600); err != nil {
		return publish.Report{}, err
	}
	dest, err := p.Destination(ctx, c.Name)
	if err != nil {
		return publish.Report{}, err
	}
	build := publish.Build{Dir: temporary, Commit: c.Commit, Rules: rules.Rules{
		Headers: []rules.HeaderRule{{Match: "**", Set: map[string]string{"cache-control": rules.CacheNever}}},
		Exclude: []string{"sitemap*.xml", "sitemap*.xml.gz"},
	}}
	for range mostTries {
		if build.Expected, err = p.parent(ctx, dest, e); err != nil {
			return publish.Report{}, err
		}
		report, err := publish.Run(ctx, publish.Plan{
			Site: siteOf(c.Name), Destination: dest, Progress: c.Progress, Now: c.Now, Source: build,
			LeaseTTL: p.Timeouts.Lease, Confirm: func(ctx context.Context) error { return p.wanted(ctx, e) },
			Allow: slices.DeleteFunc(guard.Names(), func(name string) bool { return slices.Contains(strict, name) }),
		})
		if !errors.Is(err, engine.ErrPlanMoved) {
			return report, err
		}
	}
	return publish.Report{}, &Conflict{fmt.Sprintf("other builds of the preview %s went first, %d times: try again", c.Name, mostTries)}
}

// mostTries bounds how often another build may deploy first.
const mostTries = 5

// parent is the deploy that the build must replace. It is read before the record, so that
// a build that is not the last one to begin never replaces the last one, with content
// that the record does not describe.
func (p *Place) parent(ctx context.Context, dest store.Destination, e *entry) (*engine.ExpectedPlan, error) {
	head, err := history.ReadHead(ctx, dest.State, "")
	if err != nil {
		return nil, err
	}
	if err := p.wanted(ctx, e); err != nil {
		return nil, err
	}
	if head.Live == nil {
		return &engine.ExpectedPlan{}, nil
	}
	return &engine.ExpectedPlan{Parent: head.Live.Manifest}, nil
}

// wanted refuses a build that is not the last one to begin. It is called again under the
// lease: the preview may have been removed, or built anew, while the build waited for the
// lease.
func (p *Place) wanted(ctx context.Context, e *entry) error {
	now, err := p.read(ctx, e.Name)
	if err != nil && !errors.Is(err, ErrNone) {
		return err
	}
	if now == nil || now.tag != e.tag {
		return &Conflict{fmt.Sprintf("another build of the preview %s began later, or it was removed: this one is not needed", e.Name)}
	}
	return nil
}

// undo deletes the files of a build whose preview was removed meanwhile.
func (p *Place) undo(ctx context.Context, name string, why error) error {
	return errors.Join(why, p.eraseStray(ctx, name))
}

// notice is the text on each page. It holds nothing that the next push changes, since
// otherwise each push would send all pages.
func (c Creation) notice() string {
	return fmt.Sprintf("Preview of %s, with %s. This is not the public site.", c.Ref, c.Content.words())
}

func (c Content) words() string {
	switch c {
	case Drafts:
		return "drafts that are not published"
	case Live:
		return "what the CMS has published"
	case Last:
	}
	return "the content of the last release"
}
