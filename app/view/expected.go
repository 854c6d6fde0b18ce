package view

import (
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// expectedAt is when a request should be live, by how long releases of its site usually
// take; zero when that is not known. It may have passed: the request is late then.
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
			running = v.Now // it is late: now is the earliest possible time
		}
		return after(v.DueAfter(running).At, v.Usual)
	case release.Live, release.WasLive, release.Withdrawn:
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
// been, if it takes as long as usual; zero when that is not known.
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

// CurrentWithin is the range in which the current release goes live, as 9 of 10 did; zero
// when that is not known, and once the range has passed.
func (v Site) CurrentWithin() when.Range {
	if v.CurrentExpected().IsZero() || v.State == release.Complete {
		return when.Range{}
	}
	found := v.within()
	if found.IsZero() || found.To.Before(v.Now) {
		return when.Range{}
	}
	if found.From.Before(v.Now) {
		found.From = v.Now
	}
	return found
}

// within is CurrentWithin as it was when the release reached its state.
func (v Site) within() when.Range {
	times := v.Current.Times
	for _, from := range []struct {
		state release.State
		at    time.Time
	}{{release.InProgress, times.InProgress}, {release.Starting, times.Starting}} {
		if least, most, ok := v.Within(from.state); ok && !from.at.IsZero() {
			return when.After(from.at, least, most)
		}
	}
	least, most, ok := v.Within(release.Dispatched)
	expected := v.CurrentExpected()
	if !ok || expected.IsZero() {
		return when.Range{}
	}
	begun := expected.Add(-v.Usual)
	return when.After(begun, least, most)
}

// Within is the range in which the request goes live; zero when that is not known.
func (v Request) Within() when.Range {
	of := v.Of
	least, most, ok := of.Within(release.Dispatched)
	switch v.Resolution.Status {
	case release.InRelease:
		return of.CurrentWithin()
	case release.Scheduled:
		if at := of.DueIf(v.Source, v.NotBefore).At; ok && !at.IsZero() {
			return when.After(at, least, most)
		}
	case release.Waiting:
		running := of.CurrentWithin()
		if !ok || running.IsZero() {
			return when.Range{}
		}
		from, to := of.DueAfter(running.From).At, of.DueAfter(running.To).At
		if from.IsZero() || to.IsZero() {
			return when.Range{}
		}
		return when.Range{From: from, To: to}.Later(least, most)
	case release.Live, release.WasLive, release.Withdrawn:
	}
	return when.Range{}
}
