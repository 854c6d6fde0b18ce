package pace

import (
	"math"
	"time"
)

// Limits bound a pace. A field that is zero has its default.
type Limits struct {
	// Start is how many requests may be under way at first, 4; Most how many ever, 16.
	Start, Most int
	// PerSecond bounds how many requests begin in a second; 0 for no bound but Most.
	PerSecond float64
	// Slow is the time below which no answer counts as slow, 1 s.
	Slow time.Duration
	// MaxWait caps what a server may ask us to wait, 2 minutes.
	MaxWait time.Duration
}

// withDefaults are the limits with their zero fields filled in.
func (l Limits) withDefaults() Limits {
	if l.Most <= 0 {
		l.Most = 16
	}
	if l.Start <= 0 {
		l.Start = 4
	}
	l.Start = min(l.Start, l.Most)
	if l.Slow <= 0 {
		l.Slow = time.Second
	}
	if l.MaxWait <= 0 {
		l.MaxWait = 2 * time.Minute
	}
	return l
}

// Verdict says how the server bears its load, judged by an answer.
type Verdict int

// The verdicts.
const (
	// Good is an answer that shows no overload.
	Good Verdict = iota
	// Failed is an answer that says nothing of the load: one page is broken.
	Failed
	// Overloaded is a server that says so (429, 503), or gives no answer at all.
	Overloaded
)

// Answer is the outcome of a request.
type Answer struct {
	Verdict Verdict
	// RetryAfter is how long the server asks us to wait; 0 when it does not say.
	RetryAfter time.Duration
}

const (
	// slowness is how many times its usual time an answer takes that counts as slow.
	slowness = 3
	// weight is the share of a new answer in the moving average, and drift the factor by
	// which the usual time rises with each answer: a server may become slower for good.
	weight, drift = 1.0 / 8, 1.005
	// firstGap is the pause between requests once one at a time is too much, and mostGap
	// the longest pause that the server did not ask for.
	firstGap, mostGap = 250 * time.Millisecond, 10 * time.Second
	// firstPause is the first pause for an overloaded server that does not ask for one.
	firstPause = time.Second
)

// Control decides how many requests may be under way, by additive increase and
// multiplicative decrease (RFC 5681 has the idea): each round of good answers lets
// one more through, each sign of too much halves them. It is pure: it has no clock.
type Control struct {
	limits Limits

	window   float64       // requests that may be under way
	gap      time.Duration // between requests, once one at a time is too much
	running  int
	next     time.Time // no request begins before
	until    time.Time // the server is left alone until
	halved   time.Time // answers to requests that began before say nothing new
	refusals int       // in a row

	average, usual float64 // of good answers, in seconds; usual is the lowest average
}

// NewControl starts gently.
func NewControl(limits Limits) Control {
	limits = limits.withDefaults()
	return Control{limits: limits, window: float64(limits.Start)}
}

// AtOnce is how many requests may be under way.
func (c *Control) AtOnce() int { return max(1, int(c.window)) }

// Running is how many requests are under way.
func (c *Control) Running() int { return c.running }

// Begin begins a request, if one may begin. If only time is missing it says until
// when; the zero time says that an answer must come first.
func (c *Control) Begin(now time.Time) (ok bool, at time.Time) {
	if c.running >= c.AtOnce() {
		return false, time.Time{}
	}
	at = c.next
	if c.until.After(at) {
		at = c.until
	}
	if at.After(now) {
		return false, at
	}
	c.running++
	c.next = now.Add(c.spacing())
	return true, now
}

// spacing is the time from one request to the next.
func (c *Control) spacing() time.Duration {
	space := c.gap
	if c.limits.PerSecond > 0 {
		space = max(space, time.Duration(float64(time.Second)/c.limits.PerSecond))
	}
	return space
}

// End ends a request that began at an instant, and learns from its answer.
func (c *Control) End(began, now time.Time, a Answer) {
	c.running--
	took := now.Sub(began)
	switch {
	case a.Verdict == Overloaded:
		c.refused(began, now, a.RetryAfter)
	case a.Verdict == Failed:
	case c.slow(took):
		c.refusals = 0
		c.learn(took)
		c.halve(began, now)
	default:
		c.refusals = 0
		c.learn(took)
		c.grow()
	}
}

// refused halves, and leaves the server alone for a while: as long as it asks for,
// or longer each time.
func (c *Control) refused(began, now time.Time, asked time.Duration) {
	wait := min(asked, c.limits.MaxWait)
	if asked <= 0 {
		wait = min(firstPause<<min(c.refusals, 10), c.limits.MaxWait)
	}
	if c.halve(began, now) || asked > 0 {
		if at := now.Add(wait); at.After(c.until) {
			c.until = at
		}
		c.refusals++
	}
}

// halve halves once for all the requests that were under way together.
func (c *Control) halve(began, now time.Time) bool {
	if began.Before(c.halved) {
		return false
	}
	c.halved = now
	if c.window <= 1 {
		c.gap = min(max(2*c.gap, firstGap), mostGap)
	}
	c.window = math.Max(1, c.window/2)
	return true
}

func (c *Control) grow() {
	if c.gap > 0 {
		if c.gap = c.gap * 3 / 4; c.gap < firstGap/8 {
			c.gap = 0
		}
		return
	}
	c.window = math.Min(float64(c.limits.Most), c.window+1/c.window)
}

func (c *Control) slow(took time.Duration) bool {
	return took > c.limits.Slow && c.usual > 0 && took.Seconds() > slowness*c.usual
}

func (c *Control) learn(took time.Duration) {
	seconds := took.Seconds()
	if c.average == 0 {
		c.average, c.usual = seconds, seconds
		return
	}
	c.average += weight * (seconds - c.average)
	c.usual = math.Min(c.usual*drift, c.average)
}
