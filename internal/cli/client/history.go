package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

type historyCmd struct {
	appFlags
	siteFlag
	outputFlags
	Limit  int   `default:"20" placeholder:"N" help:"How many releases, at most 500 (default ${default})."`
	Before int64 `placeholder:"N" help:"Only releases numbered below this."`
}

// Help has the example.
func (historyCmd) Help() string {
	return `Examples:

  pressrun history --site www
  pressrun history --limit 500 --json | jq '[.releases[] | select(.outcome == "failed")] | length'`
}

// Validate refuses what the app would refuse.
func (c *historyCmd) Validate() error {
	if c.Limit < 1 || c.Limit > 500 {
		return fmt.Errorf("--limit: %d is not from 1 to 500", c.Limit)
	}
	return c.outputFlags.Validate()
}

// releasesDocument is what `history --json` prints.
type releasesDocument struct {
	Releases []api.Release `json:"releases"`
}

// Run lists the last releases.
func (c *historyCmd) Run(ctx context.Context, t *terminal) error {
	client, err := c.client()
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
	p := c.printer(t)
	if c.JSON {
		return p.document(releasesDocument{releases})
	}
	if len(releases) == 0 {
		_, err := fmt.Fprintf(t.out, "No releases of %s yet.\n", plain(site))
		return err
	}
	rows := [][]string{{"RELEASE", "OUTCOME", "REQUESTED", "LIVE", "TOOK", "REQUESTS", "PAGES", "CHANGED", "WHY"}}
	for _, r := range releases {
		rows = append(rows, p.historyRow(r))
	}
	return p.table(rows)
}

func (p *printer) historyRow(r api.Release) []string {
	pages, changed := "", ""
	if r.Metrics != nil && r.Metrics.Files > 0 { // a failed run may have come to no site
		pages = fmt.Sprint(r.Metrics.Pages)
		changed = fmt.Sprint(r.Metrics.Uploaded + r.Metrics.Deleted)
	}
	return []string{
		fmt.Sprintf("#%d", r.Number), outcomeWord(r), p.when(r.Times.Requested), p.when(r.Times.Complete),
		spent(r), fmt.Sprint(r.Requests), pages, changed, oneLine(r.Why),
	}
}

// outcomeWord is how a release ended, or where it stands.
func outcomeWord(r api.Release) string {
	if r.Outcome == "" {
		return stateWord(r.State)
	}
	return string(r.Outcome)
}

// spent is how long a release took from its dispatch until it was live, or
// ended.
func spent(r api.Release) string {
	from, to := r.Times.Dispatched, r.Times.Complete
	if to == nil {
		to = r.Times.Ended
	}
	if from == nil {
		from = r.Times.Starting
	}
	if from == nil || to == nil {
		return ""
	}
	return took(to.Sub(*from))
}

// releaseLine sums a release up in a line.
func (p *printer) releaseLine(r *api.Release) string {
	if r == nil {
		return ""
	}
	text := fmt.Sprintf("#%d %s", r.Number, outcomeWord(*r))
	switch {
	case r.Outcome == release.Succeeded && r.Times.Complete != nil:
		text += ", live since " + p.at(*r.Times.Complete)
	case r.Times.Ended != nil:
		text += " at " + p.at(*r.Times.Ended)
	}
	text += ", " + plural(r.Requests, "request")
	if r.Late {
		text += ", late"
	}
	for _, more := range []string{r.Why, note(*r)} {
		if more != "" {
			text += ", " + oneLine(more)
		}
	}
	return text
}

// note is what the run last said it was doing, unless that is told already by
// why the release ended: a step that gives up ends with what it waited for.
func note(r api.Release) string {
	_, said, found := strings.Cut(r.Note, ": ")
	if strings.Contains(r.Why, r.Note) || found && strings.Contains(r.Why, said) {
		return ""
	}
	return r.Note
}

// since is the time between two instants, when both are known.
func since(from, to *time.Time) string {
	if from == nil || to == nil {
		return ""
	}
	return took(to.Sub(*from))
}
