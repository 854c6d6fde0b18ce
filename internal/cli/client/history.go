package client

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// History lists the last releases of a site.
type History struct {
	AppFlags
	siteFlag
	terminal.OutputFlags
	Limit  int   `default:"20" placeholder:"N" help:"How many releases, at most 500 (default ${default})."`
	Before int64 `placeholder:"N" help:"Only releases numbered below this."`
}

// Help has the example.
func (History) Help() string {
	return `On a terminal two lines above the table draw how long the releases took and how they ended, the oldest first.

Examples:

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

// releasesDocument is the output of `history --json`.
type releasesDocument struct {
	Releases []api.Release `json:"releases"`
}

// Run lists the last releases.
func (c *History) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.ClientIn(t, c.TimeZone)
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
	if t.Screen {
		if err := p.trend(releases); err != nil {
			return err
		}
	}
	rows := [][]string{{"RELEASE", "OUTCOME", "REQUESTED", "LIVE", "TOOK", "REQUESTS", "PAGES", "CHANGED", "WHY"}}
	for _, r := range releases {
		rows = append(rows, p.of(r.TimeZone).historyRow(r))
	}
	return p.Table(rows, "REQUESTED", "PAGES", "CHANGED", "REQUESTS")
}

// trend draws how long releases took and how they ended, the oldest first, and says
// the same in words.
func (p printer) trend(releases []api.Release) error {
	width := len(releases)
	if p.Width > 0 {
		width = min(width, max(p.Width-len("Took      "), 1))
	}
	took, ends := make([]float64, 0, width), ""
	outcomes := map[release.Outcome]int{}
	for _, r := range slices.Backward(releases[:width]) {
		seconds := -1.0
		if span, known := spentOn(r); known && r.Outcome == release.Succeeded {
			seconds = span.Seconds()
		}
		took = append(took, seconds)
		style, mark := markOf(r.Outcome)
		ends += p.Paint(style, mark)
		outcomes[r.Outcome]++
	}
	sum := fmt.Sprintf("%d succeeded (+), %d failed (x)", outcomes[release.Succeeded], outcomes[release.Failed])
	if others := width - outcomes[release.Succeeded] - outcomes[release.Failed] - outcomes[""]; others > 0 {
		sum += fmt.Sprintf(", %d ended otherwise (-)", others)
	}
	if longest := slices.Max(took); longest > 0 {
		sum += ", " + text.Took(time.Duration(longest*float64(time.Second))) + " at most"
	}
	_, err := fmt.Fprintf(p.Out, "Took      %s\nEnded     %s\n%s\n\n", terminal.Sparkline(took), ends, sum)
	return err
}

// markOf is a character for an outcome: colour alone tells nothing.
func markOf(o release.Outcome) (terminal.Style, string) {
	switch o {
	case release.Succeeded:
		return terminal.Good, "+"
	case release.Failed:
		return terminal.Bad, "x"
	case release.Unchanged:
		return terminal.Plain, "="
	case release.Cancelled, release.Stale, release.Superseded:
		return terminal.Heed, "-"
	default:
		return terminal.Busy, "…"
	}
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
