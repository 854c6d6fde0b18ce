package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// show tells a new user where to click, and then what happens.
func (d *demo) show(ctx context.Context, t *terminal.Terminal) error {
	_, err := fmt.Fprintf(t.Out, `Pressrun's demo: a CMS, a public site, and the releases in between.

  1. The CMS       %s/
     Open an article, change a few words, and publish it.
  2. The releases  %s/sites/%s
     See your change wait, being built, and go live.
  3. The site      %s/
     What the public reads. Reload it: your words are there.

Or from another terminal:

  export PRESSRUN_URL=%s
  pressrun status --watch
  pressrun request --reason "Just because" --wait

All of it runs on this machine only, in %s
Ctrl-C ends it. What happens:

`, d.cmsURL, d.appURL, demoSite, d.siteURL, d.appURL, d.folder)
	if err != nil {
		return err
	}
	err = d.client.Events(ctx, demoSite, api.FromNow, func(e api.Event) error {
		return d.print(t, e)
	})
	if ctx.Err() == nil {
		return err
	}
	// Ctrl-C is how it ends.
	_, err = fmt.Fprintln(t.Out, "\nThe demo ends.")
	return err
}

// print prints an event as a line.
func (d *demo) print(t *terminal.Terminal, e api.Event) error {
	what := map[string]string{
		release.KindDispatched: "is dispatched",
		release.KindStarting:   "is starting",
		release.KindInProgress: "is in progress: the content is read and built",
		release.KindComplete:   "is live: " + d.siteURL + "/",
	}[e.Kind]
	line := fmt.Sprintf("Release #%d %s", e.Release, what)
	switch {
	case e.Kind == ledger.KindAccepted:
		line = text.OneLine(e.By) + " asks for a release"
	case e.Kind == release.KindEnded:
		line = fmt.Sprintf("Release #%d has ended", e.Release)
	case what == "":
		return nil
	}
	if e.Why != "" {
		line += ": " + text.OneLine(e.Why)
	}
	_, err := fmt.Fprintf(t.Out, "%s  %s\n", e.At.In(t.Local).Format(time.TimeOnly), line)
	return err
}
