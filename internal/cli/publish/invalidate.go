package publish

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/text"
)

// Invalidate purges a CDN.
type Invalidate struct {
	placeFlags
	terminal.OutputFlags
	cachingFlags
	To     string `arg:"" name:"destination" help:"s3://BUCKET[/PREFIX] or file:///ABSOLUTE/FOLDER."`
	CDN    string `required:"" name:"cdn" placeholder:"KIND:NAME" help:"cloudfront:DISTRIBUTION, fastly:SERVICE, cloudflare:ZONE, varnish:http://SERVER:6081[,...] or webhook:URL."`
	Resume bool   `xor:"what" help:"Only finish a purge that was begun: end with 0 if none is pending, and do nothing for a CDN that was never purged."`
	All    bool   `xor:"what" help:"Purge everything, whatever changed."`
	DryRun bool   `help:"Say what would be purged, and purge nothing."`
}

// Help has the examples.
func (Invalidate) Help() string {
	return `Purges from a CDN the content that releases have replaced since the last
complete purge: nothing when nothing changed, and the rest of a purge that failed.
The first time it purges everything. With --resume it finishes a purge that was
begun, and those of the releases that went live since: for a retry after exit code
10, by any process, as often as you like.
Tokens come from FASTLY_API_TOKEN, CLOUDFLARE_API_TOKEN or
PRESSRUN_CDN_WEBHOOK_SECRET; CloudFront uses the AWS environment.
Exit code 10: live at the origin, but the CDN may still serve the old release.

Examples:

  pressrun invalidate s3://www.example.org --cdn cloudfront:E1A2B3C4D5
  pressrun invalidate s3://www.example.org --cdn cloudfront:E1A2B3C4D5 --resume
  pressrun invalidate s3://site --cdn varnish:http://127.0.0.1:6081 --public-url https://www.example.org`
}

// Run invalidates.
func (c *Invalidate) Run(ctx context.Context, t *terminal.Terminal) error {
	dest, err := c.open(ctx, c.To, reportWaiting(t))
	if err != nil {
		return err
	}
	purger, err := publish.OpenCDN(ctx, c.config(c.CDN))
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if purger == nil {
		return exit.With(exit.Usage, errors.New("--cdn: name the CDN to purge"))
	}
	line := terminal.NewProgress(t)
	line.Show("telling " + purger.Name())
	report, err := purger.Invalidate(ctx, dest, c.Site, publish.Invalidation{All: c.All, Resume: c.Resume, DryRun: c.DryRun, Now: t.Now})
	line.Clear()
	if _, pending := errors.AsType[*cdn.PendingError](err); pending {
		return exit.With(exit.CDNPending, err)
	}
	if errors.Is(err, history.ErrNoRelease) {
		return exit.With(exit.NotFound, err)
	}
	if errors.Is(err, cdn.ErrOtherCDN) {
		return exit.With(exit.Conflict, fmt.Errorf("%w; name that one, or leave --resume out to purge this one of all changes", err))
	}
	if err != nil {
		return err
	}
	return c.print(c.Printer(t), report)
}

func (c *Invalidate) print(p *terminal.Printer, r cdn.Report) error {
	if c.JSON {
		return p.Document(r)
	}
	says := c.says(r)
	if refused := r.Receipt.Refused; len(refused) > 0 {
		says += fmt.Sprintf("; of what it refused (%s) it has dropped the folders, or everything", text.Shorten(strings.Join(refused, ", "), 200))
	}
	_, err := fmt.Fprintln(p.Out, text.OneLine(says))
	return err
}

func (c *Invalidate) says(r cdn.Report) string {
	set := r.Decision.Set
	switch {
	case r.NeverPurged:
		return fmt.Sprintf("nothing is pending: no CDN was ever purged for this destination; without --resume %s is purged of everything", r.CDN)
	case set.Empty() && c.Resume:
		return fmt.Sprintf("nothing is pending: %s agrees with release %d", r.CDN, r.Release)
	case set.Empty():
		return fmt.Sprintf("%s agrees with release %d already: nothing to drop", r.CDN, r.Release)
	case c.DryRun:
		return fmt.Sprintf("dry run: %s would drop %s", r.CDN, dropped(set))
	case r.Resumed:
		return fmt.Sprintf("%s has dropped %s, finishing what was begun", r.CDN, dropped(set))
	case r.Decision.Changed == 0: // the first time, or everything was asked for
		return fmt.Sprintf("%s has dropped %s", r.CDN, dropped(set))
	}
	return fmt.Sprintf("%s has dropped %s (%s changed)", r.CDN, dropped(set), text.Count(r.Decision.Changed, "file"))
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
