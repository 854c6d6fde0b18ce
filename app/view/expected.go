package view

import (
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// expectedAt is when a request should be live, judged by how long releases of
// its site usually take; zero when that can't be said. An instant that has passed
// is still told: the request is late then.
func (v Site) expectedAt(r ledger.Request, resolution ledger.Resolution) time.Time {
	if v.Usual == 0 {
		return time.Time{}
	}
	switch resolution.Status {
	case release.Scheduled:
		return after(v.DueIf(r.Source, r.NotBefore).At, v.Usual)
	case release.InRelease:
		return v.CurrentExpected()
	case release.Waiting:
		running := v.CurrentExpected()
		if running.IsZero() {
			return running
		}
		if running.Before(v.Now) {
			running = v.Now // it is late: the earliest that can be hoped for
		}
		return after(v.DueAfter(running).At, v.Usual)
	case release.Live, release.WasLive:
	}
	return time.Time{}
}

// after is a span after an instant, and zero for no instant.
func after(at time.Time, span time.Duration) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(span)
}

// CurrentExpected is when the current release should be live, or should have
// been, if it takes as long as usual; zero when that can't be said.
func (v Site) CurrentExpected() time.Time {
	if v.Usual == 0 || v.State == release.Ready || v.Current.RollbackTo != 0 || !v.Current.Cancel.At.IsZero() {
		return time.Time{}
	}
	from := v.Current.Dispatch.Intended
	switch {
	case v.State == release.Requested && from.IsZero():
		from = v.DispatchDue(v.Now).At
	case from.IsZero():
		from = v.Current.Times.Starting // a run that nobody dispatched
	}
	return after(from, v.Usual)
}
