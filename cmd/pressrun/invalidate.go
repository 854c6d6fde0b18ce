package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

type invalidateCmd struct {
	placeFlags
	outputFlags
	To        string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	CDN       string `required:"" name:"cdn" placeholder:"KIND:NAME" help:"cloudfront:DISTRIBUTION, fastly:SERVICE, cloudflare:ZONE, varnish:http://SERVER:6081[,...] or webhook:URL."`
	PublicURL string `name:"public-url" placeholder:"URL" help:"The site's public address."`
	Tags      bool   `help:"The CDN is set up to read cache tags (CloudFront, Cloudflare)."`
	All       bool   `help:"Drop everything, whatever changed."`
	DryRun    bool   `help:"Say what would be dropped, and drop nothing."`
}

// Help has the examples.
func (invalidateCmd) Help() string {
	return `Makes a CDN forget what the live release has changed since the CDN was last
told: nothing when nothing changed, and what an earlier failure left undone.
Tokens come from FASTLY_API_TOKEN, CLOUDFLARE_API_TOKEN or
PRESSRUN_CDN_WEBHOOK_SECRET; CloudFront uses the AWS environment.
Exit code 10: live at the origin, but the CDN may still serve the old release.

Examples:

  pressrun invalidate s3://www.example.org --cdn cloudfront:E1A2B3C4D5
  pressrun invalidate s3://site --cdn varnish:http://127.0.0.1:6081 --public-url https://www.example.org`
}

// Run invalidates.
func (c *invalidateCmd) Run(ctx context.Context, t *terminal) error {
	dest, err := c.open(ctx, c.To)
	if err != nil {
		return err
	}
	purger, err := cdn.Open(ctx, cdn.Config{Address: c.CDN, PublicURL: c.PublicURL, Tags: c.Tags})
	if err != nil {
		return withCode(exitUsage, err)
	}
	line := newProgress(t)
	line.show("telling " + purger.Name())
	report, err := cdn.Sync(ctx, dest, purger, cdn.SyncOptions{
		Site: c.Site, PublicURL: c.PublicURL, All: c.All, DryRun: c.DryRun, Now: t.now,
	})
	line.clear()
	if _, pending := errors.AsType[*cdn.PendingError](err); pending {
		return withCode(exitEdgePending, err)
	}
	if errors.Is(err, history.ErrNoRelease) {
		return withCode(exitNotFound, err)
	}
	if err != nil {
		return err
	}
	return c.print(c.printer(t), report)
}

func (c *invalidateCmd) print(p *printer, r cdn.Report) error {
	if c.JSON {
		return p.document(r)
	}
	what := fmt.Sprintf("%s has dropped %s (%s changed)", r.CDN, dropped(r.Decision.Set), plural(int64(r.Decision.Changed), "file"))
	if r.Decision.Set.Empty() {
		what = fmt.Sprintf("%s agrees with release %d already: nothing to drop", r.CDN, r.Release)
	} else if c.DryRun {
		what = fmt.Sprintf("dry run: %s would drop %s", r.CDN, dropped(r.Decision.Set))
	}
	_, err := fmt.Fprintln(p.out, oneLine(what))
	return err
}

func dropped(p cdn.Set) string {
	if p.All {
		return "everything"
	}
	var parts []string
	for _, part := range []struct {
		n         int
		one, many string
	}{{len(p.Tags), "tag", "tags"}, {len(p.Paths), "address", "addresses"}, {len(p.Prefixes), "prefix", "prefixes"}} {
		switch {
		case part.n == 1:
			parts = append(parts, "1 "+part.one)
		case part.n > 1:
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.many))
		}
	}
	return strings.Join(parts, ", ")
}
