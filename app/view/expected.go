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

// Range is between which instants something is expected. The zero Range says that
// it is not known.
type Range struct{ From, To time.Time }

// IsZero says that nothing is known.
func (r Range) IsZero() bool { return r.To.IsZero() }

// later is the range after a span.
func (r Range) later(least, most time.Duration) Range {
	return Range{r.From.Add(least), r.To.Add(most)}
}

// CurrentWithin is between which instants the current release goes live, as 9 of 10
// did; zero when that can't be said, and once it is later than all.
func (v Site) CurrentWithin() Range {
	if v.CurrentExpected().IsZero() || v.State == release.Complete {
		return Range{}
	}
	found := v.within()
	if found.IsZero() || found.To.Before(v.Now) {
		return Range{}
	}
	if found.From.Before(v.Now) {
		found.From = v.Now
	}
	return found
}

// within is CurrentWithin as it was from the state that the release came to last.
func (v Site) within() Range {
	times := v.Current.Times
	for _, from := range []struct {
		state release.State
		at    time.Time
	}{{release.InProgress, times.InProgress}, {release.Starting, times.Starting}} {
		if least, most, ok := v.Took.within(from.state); ok && !from.at.IsZero() {
			return Range{from.at, from.at}.later(least, most)
		}
	}
	least, most, ok := v.Took.within(release.Dispatched)
	expected := v.CurrentExpected()
	if !ok || expected.IsZero() {
		return Range{}
	}
	begun := expected.Add(-v.Usual)
	return Range{begun, begun}.later(least, most)
}

// Within is between which instants the request goes live; zero when that can't be
// said.
func (v Request) Within() Range {
	of := v.Of
	least, most, ok := of.Took.within(release.Dispatched)
	switch v.Resolution.Status {
	case release.InRelease:
		return of.CurrentWithin()
	case release.Scheduled:
		if at := of.DueIf(v.Source, v.NotBefore).At; ok && !at.IsZero() {
			return Range{at, at}.later(least, most)
		}
	case release.Waiting:
		running := of.CurrentWithin()
		if !ok || running.IsZero() {
			return Range{}
		}
		from, to := of.DueAfter(running.From).At, of.DueAfter(running.To).At
		if from.IsZero() || to.IsZero() {
			return Range{}
		}
		return Range{from, to}.later(least, most)
	case release.Live, release.WasLive, release.Withdrawn:
	}
	return Range{}
}

// Around says a range to people: "about 01:47 EST, in 2 to 4 min". It is "" for a
// range that is not known.
func (c Clock) Around(r Range) string {
	if r.IsZero() {
		return ""
	}
	middle := r.From.Add(r.To.Sub(r.From) / 2)
	l, about := c.Language, c.Minute(middle)
	least, most := int(r.From.Sub(c.Now)/time.Minute), int((r.To.Sub(c.Now)+time.Minute-1)/time.Minute)
	switch {
	case most > 90:
		return l.Say("about %s", about)
	case most <= 1:
		return l.Say("about %s, in a minute", about)
	case least <= 0:
		return l.Say("about %s, within %d min", about, most)
	case least == most:
		return l.Say("about %s, in %d min", about, most)
	}
	return l.Say("about %s, in %d to %d min", about, least, most)
}
