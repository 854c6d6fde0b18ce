package app

import (
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// finished is a release of the past with who asked for it: the first few of
// them, each once.
type finished struct {
	release.Release
	askers []string
	// others says that there were more.
	others bool
}

// askersShown bounds the names in a row of the history.
const askersShown = 3

// history is the last releases of a site, newest first.
func (a *App) history(ctx context.Context, site string, limit int) ([]finished, error) {
	found, err := a.ledger.Releases(ctx, site, limit, 0)
	if err != nil {
		return nil, err
	}
	out := make([]finished, 0, len(found))
	for _, r := range found {
		served, err := a.ledger.Requests(ctx, site, r.After, r.Upto, 4*askersShown)
		if err != nil {
			return nil, err
		}
		one := finished{Release: r.Release}
		one.askers, one.others = askers(served)
		out = append(out, one)
	}
	return out, nil
}

func askers(served []ledger.Request) (names []string, others bool) {
	for _, r := range served {
		name := asker(r)
		switch {
		case slices.Contains(names, name):
		case len(names) == askersShown:
			others = true
		default:
			names = append(names, name)
		}
	}
	return names, others
}

// releaseRow is a release in the history.
type releaseRow struct {
	Number               int64
	Link, Outcome, Class string
	Why                  string
	Askers               []string
	Others               bool
	Requests             int64
	Started, LiveAt      *moment
	Took                 string
	Current              bool
}

func releaseRows(found []finished, site release.Site, c clockface) []releaseRow {
	rows := make([]releaseRow, 0, len(found))
	for _, r := range found {
		current := r.Number == site.Current.Number
		state := release.Ready
		if current {
			state = site.State
		}
		row := releaseRow{
			Number: r.Number, Link: releaseLink(site.Name, r.Number),
			Outcome: outcomeWords(r.Outcome, state), Class: outcomeClass(r.Outcome), Why: r.Why,
			Askers: r.askers, Others: r.others, Requests: r.Requests.Count,
			Started: c.at(begunAt(r.Release)), Current: current,
		}
		if r.Outcome == release.Succeeded {
			row.LiveAt, row.Why = c.at(r.Times.Complete), ""
		}
		row.Took = tookWords(r.Release)
		rows = append(rows, row)
	}
	return rows
}

// tookWords say how long a release took: until it was live, or until it ended.
func tookWords(r release.Release) string {
	begun, end := begunAt(r), r.Times.Complete
	if end.IsZero() {
		end = r.Times.Ended
	}
	if begun.IsZero() || end.IsZero() {
		return ""
	}
	return tookSpan(end.Sub(begun))
}

// outcomeClass is how an outcome is coloured; its words say the same.
func outcomeClass(o release.Outcome) string {
	switch o {
	case release.Succeeded:
		return "ok"
	case release.Failed, release.Stale:
		return "bad"
	case release.Cancelled, release.Superseded:
		return "quiet"
	}
	return "now"
}
