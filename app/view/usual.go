package view

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// usualTimes remember how long releases of the sites usually take, which changes
// only when one goes live: every answer about a request asks for it.
type usualTimes struct {
	mu    sync.Mutex
	sites map[string]usualTime
}

type usualTime struct {
	live int64 // the release that was live when took was learnt
	took time.Duration
}

// known is the usual time of a site's releases; false when it must be learnt.
func (u *usualTimes) known(site release.Site) (time.Duration, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	found, ok := u.sites[site.Name]
	return found.took, ok && found.live == site.Live.Number
}

// of is the usual time of a site's releases, learnt anew if one went live since.
func (u *usualTimes) of(site release.Site, learn func() time.Duration) time.Duration {
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

// learnFrom is how many releases the usual time is learnt from.
const learnFrom = 5

// releases are read from the ledger or from a snapshot of it.
type releases interface {
	Releases(ctx context.Context, site string, limit int, before int64) ([]ledger.Release, error)
}

// learnUsual is the median time from dispatch to live of the last successes, 0
// when there is none yet.
func (r *Reader) learnUsual(ctx context.Context, s releases, site string) time.Duration {
	found, err := s.Releases(ctx, site, 4*learnFrom, 0)
	if err != nil {
		r.log.WarnContext(ctx, "the last releases can't be read", "site", site, "error", err)
		return 0
	}
	var took []time.Duration
	for _, one := range found {
		begun := BegunAt(one.Release)
		if one.Outcome == release.Succeeded && one.RollbackTo == 0 && len(took) < learnFrom && !begun.IsZero() {
			took = append(took, one.Times.Complete.Sub(begun))
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}
