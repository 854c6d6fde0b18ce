package pages

import (
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/release"
)

// releaseRow is a release in the history.
type releaseRow struct {
	Number               int64
	Link, Outcome, Class string
	Why                  string
	Askers               []string
	Others               bool
	Requests             int64
	Started, LiveAt      *view.Moment
	Took                 string
	Current              bool
	Titles               []string
	MoreTitles           bool
	// Rollback leads to the question whether to put it back; "" where that can't be.
	Rollback string
}

func releaseRows(found []view.PastRelease, c view.Clock) []releaseRow {
	rows := make([]releaseRow, 0, len(found))
	for _, r := range found {
		row := releaseRow{
			Number: r.Number, Link: releaseLink(r.Site, r.Number),
			Outcome: r.OutcomeWords(), Class: r.OutcomeClass(), Why: r.Why,
			Askers: r.Askers, Others: r.Others, Requests: r.Requests.Count,
			Started: c.At(r.BegunAt()), Current: r.State != release.Ready, Took: r.Took(),
			Titles: r.Titles, MoreTitles: r.MoreTitles,
		}
		if r.Outcome == release.Succeeded {
			row.LiveAt, row.Why = c.At(r.Times.Complete), ""
		}
		rows = append(rows, row)
	}
	return rows
}
