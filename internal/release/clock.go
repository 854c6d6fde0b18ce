package release

import (
	"fmt"
	"time"
)

// clockSlack is by how much a clock may be put back before anything is made of
// it: a few seconds only make a wait that much longer.
const clockSlack = 5 * time.Second

// ahead is how far the newest instant of what is under way lies ahead: more than
// nothing only after the clock was put back.
func (s Site) ahead(now time.Time) time.Duration {
	if s.State == Ready {
		return 0
	}
	var newest time.Time
	for _, at := range s.instants() {
		if at.After(newest) {
			newest = *at
		}
	}
	return newest.Sub(now)
}

// instants are the times of what is under way at which something happened, by
// the clock of then.
func (s *Site) instants() []*time.Time {
	r := &s.Current
	return []*time.Time{
		&r.Requests.First, &r.Requests.Last, &s.Waiting.First, &s.Waiting.Last, &r.Watermark, &r.Dispatch.Intended,
		&r.Times.Requested, &r.Times.Dispatched, &r.Times.Starting, &r.Times.InProgress, &r.Times.Complete,
		&r.Heard, &r.LookedUp, &r.Late, &r.Cancel.At,
	}
}

// followClock moves what is under way to the clock as it is now. Otherwise all
// that waits for a while to pass would wait until the old time comes again. What
// people have set by the clock (a not-before, a pause's end, a freeze) stays.
func (t *turn) followClock() {
	back := t.ahead(t.now)
	if back <= clockSlack {
		return
	}
	for _, at := range append(t.instants(), &t.Current.NotBefore) {
		if !at.IsZero() {
			*at = at.Add(-back)
		}
	}
	t.record(KindClock, "", fmt.Sprintf("the clock was put back by about %s", back.Round(time.Second)))
}
