package when

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// Usual caches how long releases of the sites usually take, which every answer about a
// request needs. It changes only when a release goes live.
type Usual struct {
	mu    sync.Mutex
	sites map[string]usualTime
}

type usualTime struct {
	live int64 // the release that was live when the time was learnt
	took Took
}

// Took is how long the last successes of a site took.
type Took struct {
	// Usual is the median time from dispatch to live, 0 when there is none yet.
	Usual time.Duration
	// live are the times until a release was live, sorted, from each state on its way: the
	// later the state, the narrower the range.
	live map[release.State][]time.Duration
}

// known is the usual time of a site's releases; false when it must be learnt.
func (u *Usual) known(site release.Site) (Took, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found, ok := u.sites[site.Name]
	return found.took, ok && found.live == site.Live.Number
}

// Of is the usual time of a site's releases, learnt anew if one went live since.
func (u *Usual) Of(site release.Site, learn func() Took) Took {
	if took, ok := u.known(site); ok {
		return took
	}
	took := learn()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.sites == nil {
		u.sites = map[string]usualTime{}
	}
	u.sites[site.Name] = usualTime{live: site.Live.Number, took: took}
	return took
}

// How many successes the usual time is learnt from: the median from few, so that it
// follows a build that has become quicker; the range from more, so that 9 of 10
// releases lie between the shortest and the longest of them.
const (
	learnFrom  = 5
	rangeFrom  = 30
	rangeLeast = 4
)

// releases are read from the ledger or from a snapshot of it.
type releases interface {
	Releases(ctx context.Context, site string, limit int, before int64) ([]ledger.Release, error)
}

// Learn learns from the last successes how long a release takes.
func Learn(ctx context.Context, log *slog.Logger, s releases, site string) Took {
	found, err := s.Releases(ctx, site, 2*rangeFrom, 0)
	if err != nil {
		log.WarnContext(ctx, "the last releases can't be read", "site", site, "error", err)
		return Took{}
	}
	return TookOf(found)
}

// TookOf learns from releases, the newest first.
func TookOf(found []ledger.Release) Took {
	took := Took{live: map[release.State][]time.Duration{}}
	for _, one := range found {
		begun := Begun(one.Release)
		if one.Outcome != release.Succeeded || one.RollbackTo != 0 || begun.IsZero() || len(took.live[release.Dispatched]) == rangeFrom {
			continue
		}
		for state, from := range map[release.State]time.Time{
			release.Dispatched: begun, release.Starting: one.Times.Starting, release.InProgress: one.Times.InProgress,
		} {
			if !from.IsZero() {
				took.live[state] = append(took.live[state], one.Times.Complete.Sub(from))
			}
		}
	}
	took.Usual = median(took.live[release.Dispatched])
	for _, spans := range took.live {
		slices.Sort(spans)
	}
	return took
}

// median is the median of the first few spans, 0 for none.
func median(spans []time.Duration) time.Duration {
	few := slices.Clone(spans[:min(learnFrom, len(spans))])
	if len(few) == 0 {
		return 0
	}
	slices.Sort(few)
	return few[len(few)/2]
}

// Within is the range of times from a state until a release is live; false when too few are
// known.
func (t Took) Within(state release.State) (least, most time.Duration, ok bool) {
	spans := t.live[state]
	if len(spans) < rangeLeast {
		return 0, 0, false
	}
	least, most = spans[0], spans[len(spans)-1]
	if len(spans) < rangeFrom/2 {
		// The next one may well be beyond the few that are known.
		slack := (most - least) / 4
		least, most = max(0, least-slack), most+slack
	}
	return least, most, true
}

// Begun is when a release was dispatched, or its run began; zero before.
func Begun(r release.Release) time.Time {
	if r.Dispatch.Intended.IsZero() {
		return r.Times.Starting // a run that nobody dispatched
	}
	return r.Dispatch.Intended
}
