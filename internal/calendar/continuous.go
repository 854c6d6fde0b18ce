package calendar

import "time"

// Content is the state of a site, as a continuous schedule needs it.
type Content struct {
	// Busy says that a release runs or waits.
	Busy bool
	// Changed says that there are changes that no release has served.
	Changed bool
	// AsOf is the watermark of the live release; zero if there is none.
	AsOf time.Time
}

// Again says whether a continuous schedule asks for a release now, and if not, when to
// call Again if no event comes before; zero for only after an event.
func (s Schedule) Again(c Content, now time.Time) (ask bool, look time.Time) {
	if !s.Continuous || c.Busy {
		return false, time.Time{}
	}
	due := s.dueAgain(c, now)
	if due.IsZero() {
		return false, time.Time{}
	}
	if due.After(now) {
		return false, s.whenOpen(due)
	}
	if s.awake(now) {
		return true, time.Time{}
	}
	return false, s.whenOpen(now)
}

// dueAgain is when the next release is due; zero for never.
func (s Schedule) dueAgain(c Content, now time.Time) time.Time {
	switch {
	case c.Changed || c.AsOf.IsZero():
		return now
	case s.MaxAge == 0:
		return time.Time{}
	}
	return c.AsOf.Add(s.MaxAge)
}

// whenOpen is the first instant from t on at which a window is open.
func (s Schedule) whenOpen(t time.Time) time.Time {
	if s.awake(t) {
		return t
	}
	next, _ := s.Next(t)
	return next
}
