package view

import (
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// expectedAt is when a request should be live, judged by how long releases of
// its site usually take; zero when that can't be said.
func expectedAt(site release.Site, r ledger.Request, resolution ledger.Resolution, took time.Duration, now time.Time) time.Time {
	if took == 0 {
		return time.Time{}
	}
	switch resolution.Status {
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

// currentExpected is when the current release should be live, if it takes as long as
// usual; zero when that can't be said.
func currentExpected(site release.Site, took time.Duration, now time.Time) time.Time {
	if took == 0 {
		return time.Time{}
	}
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

// CurrentExpected is when the current release should be live, if it takes as
// long as usual; zero when that can't be said.
func (v Site) CurrentExpected() time.Time { return currentExpected(v.Site, v.Usual, v.Now) }
