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

// clockWasSet compares how much time went by for people and for timers. Timers
// know neither of a clock that is set nor of a machine that slept: what is due
// would be begun as late as that.
func clockWasSet(byClock, byTimer time.Duration) bool {
	return (byClock - byTimer).Abs() > retryWait
}
