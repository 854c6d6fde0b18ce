package client

import (
	"context"
	"fmt"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// History lists the last releases of a site.
type History struct {
	appFlags
	siteFlag
	terminal.OutputFlags
	Limit  int   `default:"20" placeholder:"N" help:"How many releases, at most 500 (default ${default})."`
	Before int64 `placeholder:"N" help:"Only releases numbered below this."`
}

// Help has the example.
func (History) Help() string {
	return `Examples:

  pressrun history --site www
  pressrun history --limit 500 --json | jq '[.releases[] | select(.outcome == "failed")] | length'`
}

// Validate refuses what the app would refuse.
func (c *History) Validate() error {
	if c.Limit < 1 || c.Limit > 500 {
		return fmt.Errorf("--limit: %d is not from 1 to 500", c.Limit)
	}
	return c.OutputFlags.Validate()
}

// releasesDocument is what `history --json` prints.
type releasesDocument struct {
	Releases []api.Release `json:"releases"`
}

// Run lists the last releases.
func (c *History) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.client(t)
	if err != nil {
		return err
	}
	site, err := c.name(ctx, client)
	if err != nil {
		return err
	}
	releases, err := client.Releases(ctx, site, c.Limit, c.Before)
	if err != nil {
		return err
	}
	p := printer{c.Printer(t)}
	if c.JSON {
		return p.Document(releasesDocument{releases})
	}
	if len(releases) == 0 {
		_, err := fmt.Fprintf(t.Out, "No releases of %s yet.\n", text.Plain(site))
		return err
	}
	rows := [][]string{{"RELEASE", "OUTCOME", "REQUESTED", "LIVE", "TOOK", "REQUESTS", "PAGES", "CHANGED", "WHY"}}
	for _, r := range releases {
		rows = append(rows, p.of(r.TimeZone).historyRow(r))
	}
	return p.Table(rows, "REQUESTED", "PAGES", "CHANGED", "REQUESTS")
}

// historyWord is the outcome, and which of the successes is live.
func historyWord(r api.Release) string {
	if r.Live {
		return "live"
	}
	return outcomeWord(r)
}

func (p printer) historyRow(r api.Release) []string {
	pages, changed := "", ""
	if r.Metrics != nil && r.Metrics.Files > 0 { // a failed run may have come to no site
		pages = fmt.Sprint(r.Metrics.Pages)
		changed = fmt.Sprint(r.Metrics.Uploaded + r.Metrics.Deleted)
	}
	return []string{
		fmt.Sprintf("#%d", r.Number), historyWord(r), p.When(r.Times.Requested), p.When(r.Times.Complete),
		spent(r), fmt.Sprint(r.Requests), pages, changed, text.OneLine(r.Why),
	}
}
