package app

import (
	"context"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// learnFrom is how many releases the expected time is judged by.
const learnFrom = 5

// expected is when a request should be live, judged by how long the last
// releases took; zero when it can't be said.
func (a *App) expected(ctx context.Context, site release.Site, r ledger.Request, fate ledger.Fate) time.Time {
	if fate.Standing == release.Live {
		return time.Time{}
	}
	took := a.paces.of(site, func() time.Duration { return a.usual(ctx, site.Name) })
	return expectedAt(site, r, fate, took, ledger.Now())
}

// expectedAt is expected, for a site whose releases usually take some time.
func expectedAt(site release.Site, r ledger.Request, fate ledger.Fate, took time.Duration, now time.Time) time.Time {
	if took == 0 {
		return time.Time{}
	}
	switch fate.Standing {
	case release.Scheduled:
		return r.NotBefore.Add(took)
	case release.InRelease:
		return currentExpected(site, took, now)
	case release.Waiting:
		if running := currentExpected(site, took, now); !running.IsZero() {
			return running.Add(took)
		}
	case release.Live:
	}
	return time.Time{}
}

// currentExpected is when the current release should be live.
func currentExpected(site release.Site, took time.Duration, now time.Time) time.Time {
	from := site.Current.Dispatch.Intended
	if site.State == release.Requested && from.IsZero() {
		due := site.DispatchDue(now)
		if due.At.IsZero() {
			return time.Time{}
		}
		from = due.At
	}
	if from.IsZero() {
		from = site.Current.Times.Starting // a run that nobody dispatched
	}
	at := from.Add(took)
	if at.Before(now) || !site.Current.Cancel.At.IsZero() {
		return time.Time{} // it takes longer than usual, or ends otherwise: better no word than a wrong one
	}
	return at
}

// usual is the median time from dispatch to live of the last successes, 0
// when there is none yet.
func (a *App) usual(ctx context.Context, site string) time.Duration {
	found, err := a.ledger.Releases(ctx, site, 4*learnFrom, 0)
	if err != nil {
		a.log.Warn("the last releases can't be read", "site", site, "error", err)
		return 0
	}
	var took []time.Duration
	for _, r := range found {
		from := r.Dispatch.Intended
		if from.IsZero() {
			from = r.Times.Starting
		}
		if r.Outcome == release.Succeeded && len(took) < learnFrom && !from.IsZero() {
			took = append(took, r.Times.Complete.Sub(from))
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}
