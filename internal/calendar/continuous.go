package calendar

import "time"

// Content is what a continuous schedule is told of a site.
type Content struct {
	// Busy says that a release runs or waits.
	Busy bool
	// Changed says that something changed that no release has served.
	Changed bool
	// AsOf is the watermark of what is live; zero when nothing is.
	AsOf time.Time
}

// Again says whether a continuous schedule asks for a release now, and if not,
// when to look again although nothing has happened; zero for not before
// something does.
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

// dueAgain is from when on the content is to be released; zero for never.
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
