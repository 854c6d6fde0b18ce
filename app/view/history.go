package view

import (
	"cmp"
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// PastRelease is a release in a site's history with the people who asked for it: the first
// few of them, each once.
type PastRelease struct {
	Release
	Askers []string
	// Others says that there were more people.
	Others bool
	// Titles are those of its requests, each once; MoreTitles says that there were more.
	Titles     []string
	MoreTitles bool
}

// askersShown bounds the names in a row of the history.
const askersShown = 3

// pastReleases are the last releases of a site that are numbered below before (0:
// all), newest first.
func pastReleases(ctx context.Context, s *ledger.Snapshot, site Site, limit int, before int64) ([]PastRelease, error) {
	found, err := s.Releases(ctx, site.Name, limit, before)
	if err != nil {
		return nil, err
	}
	return withRequests(ctx, s, site, found)
}

// withRequests adds the askers and titles of releases' requests.
func withRequests(ctx context.Context, s *ledger.Snapshot, site Site, found []ledger.Release) ([]PastRelease, error) {
	out := make([]PastRelease, 0, len(found))
	for _, r := range found {
		served, err := s.Requests(ctx, site.Name, r.After, r.Upto, 4*askersShown)
		if err != nil {
			return nil, err
		}
		one := PastRelease{Release: site.release(r)}
		one.Askers, one.Others = askers(site.Language, served)
		one.Titles, one.MoreTitles = titlesOf(served)
		one.MoreTitles = one.MoreTitles || r.Requests.Count > int64(len(served))
		if r.RollbackTo != 0 {
			one.Askers = []string{r.Ordered.By}
		}
		out = append(out, one)
	}
	return out, nil
}

// titlesShown bounds the titles in a row of the history.
const titlesShown = 3

// titlesOf are the titles of requests. A request for all content may have none.
func titlesOf(served []ledger.Request) (titles []string, more bool) {
	for _, r := range served {
		title := cmp.Or(r.Title, r.Entity, r.Reason)
		switch {
		case title == "" || slices.Contains(titles, title):
		case len(titles) == titlesShown:
			more = true
		default:
			titles = append(titles, title)
		}
	}
	return titles, more
}

func askers(l words.Language, served []ledger.Request) (names []string, others bool) {
	for _, r := range served {
		name := Asker(l, r)
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

// Rollback has the effects that putting an earlier release back would have.
type Rollback struct {
	Of Site
	To Release
	// Shows is the number of the release whose content the site shows now, 0 when
	// that is not known.
	Shows int64
	// Changed are the requests, newest first, that would no longer be live; or that would
	// be live again, when Forward. More says that there are more.
	Changed []Request
	Forward bool
	More    bool
}

// rollbackShown bounds how many requests a Rollback lists.
const rollbackShown = 50

// Possible says whether the release can be put back: it was live, and is not what
// the site shows.
func (v Rollback) Possible() bool {
	return v.To.Outcome == release.Succeeded && v.To.Content() != v.Shows
}

// IsReleasing says whether a release is with a runner: nothing is rolled back before it has ended.
func IsReleasing(v Site) bool {
	return v.State != release.Ready && (v.State != release.Requested || v.Current.Dispatch.Token != "")
}

// RollbackLater says when a rollback is possible again, while a release runs.
func RollbackLater(v Site) string {
	return v.Language.Say("You can roll back when release #%d has ended.", v.Current.Number)
}

// Rollback reads the effects that putting a release back would have.
func (r *Reader) Rollback(ctx context.Context, name string, to int64) (v Rollback, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if v.Of, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		found, err := s.Release(ctx, name, to)
		if err != nil {
			return err
		}
		v.To, v.Shows = v.Of.release(found), v.Of.Shows()
		if v.Shows == 0 || !v.Possible() {
			return nil
		}
		content, err := s.Release(ctx, name, v.To.Content())
		if err != nil {
			return err
		}
		shown, err := s.Release(ctx, name, v.Shows)
		if err != nil {
			return err
		}
		after, upto := content.Upto, shown.Upto
		if after > upto {
			after, upto, v.Forward = upto, after, true
		}
		changed, err := s.Requests(ctx, name, after, upto, rollbackShown+1)
		if err != nil {
			return err
		}
		v.More = len(changed) > rollbackShown
		v.Changed = v.Of.Requests(changed[:min(len(changed), rollbackShown)])
		return nil
	})
	return v, err
}
