package scheduler

import "time"

// clockLook is how often the machine's clock is compared with the timers.
const clockLook = time.Minute

// clock notices that the machine's clock was set.
type clock struct{ last time.Time }

// wasSet says whether the clock was set since it was asked before.
func (c *clock) wasSet(now time.Time) bool {
	last := c.last
	c.last = now
	return !last.IsZero() && clockWasSet(now.Round(0).Sub(last.Round(0)), now.Sub(last))
}

// clockWasSet compares the time that passed by the wall clock with that of the timers.
// Timers see neither a clock that is set nor a machine that slept, so that they would fire
// late by the difference.
func clockWasSet(byClock, byTimer time.Duration) bool {
	return (byClock - byTimer).Abs() > retryWait
}
