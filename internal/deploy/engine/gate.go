package engine

import (
	"context"
	"math"
	"sync"
	"time"
)

const (
	firstLimit = 8
	leastLimit = 4
	// largeSample is the size from which a write's time tells of the bandwidth
	// and not of the store's load.
	largeSample = 256 << 10
	// slack is how much longer than at their quickest writes may take before
	// that counts as queueing.
	slack = 2.0
	// forget is how fast the quickest time is forgotten, a window: a store that
	// has become slower for good must not be taken for overloaded for ever.
	forget = 1.001
)

// gate bounds how many writes are under way, and finds out by itself how many
// the store takes. More are let through while they take about as long as when
// there were few; fewer as soon as they queue, and half as many when the store
// asks for less. So a far store gets hundreds and a small one next door a few,
// where a fixed number suits neither (research: deploy.md 3.7).
type gate struct {
	most      int
	throttles func() int64 // how often the store has asked for less

	mu     sync.Mutex
	limit  float64
	inside int
	wake   chan struct{} // closed when there is room again; nil when nobody waits

	steady bool // the first quick growth has met a bound

	// The window under way: as many writes as the limit.
	count     int
	waited    bool // somebody had to wait, so the limit was what held writes back
	total     time.Duration
	quickest  time.Duration
	throttled int64
}

func newGate(most int, throttles func() int64) *gate {
	if throttles == nil {
		throttles = func() int64 { return 0 }
	}
	return &gate{most: most, throttles: throttles, limit: float64(min(firstLimit, most)), throttled: throttles()}
}

// enter waits for room.
func (g *gate) enter(ctx context.Context) error {
	for {
		g.mu.Lock()
		if g.inside < int(g.limit) {
			g.inside++
			g.mu.Unlock()
			return nil
		}
		if g.wake == nil {
			g.wake = make(chan struct{})
		}
		wake := g.wake
		g.waited = true
		g.mu.Unlock()
		select {
		case <-wake:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leave gives room, and learns from how long a write of this size took.
func (g *gate) leave(took time.Duration, size int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
	if size < largeSample && took > 0 {
		g.count++
		g.total += took
	}
	if g.count >= max(leastLimit, int(g.limit)) {
		g.adjust()
	}
	if g.wake != nil && g.inside < int(g.limit) {
		close(g.wake)
		g.wake = nil
	}
}

// adjust sets the limit from the window that has ended.
func (g *gate) adjust() {
	mean := g.total / time.Duration(g.count)
	if g.quickest == 0 || mean < g.quickest {
		g.quickest = mean
	}
	asked := g.throttles()
	switch {
	case asked > g.throttled:
		g.limit /= 2
		g.steady = true
	case g.waited:
		gradient := min(1, max(0.5, slack*float64(g.quickest)/float64(mean)))
		g.steady = g.steady || gradient < 1
		if !g.steady {
			g.limit *= 2
			break
		}
		// Halfway to what the gradient asks for, and a little room to find more.
		g.limit = (g.limit+g.limit*gradient)/2 + math.Sqrt(g.limit)
	}
	g.limit = min(float64(g.most), max(leastLimit, g.limit))
	g.throttled = asked
	g.quickest = time.Duration(float64(g.quickest) * forget)
	g.count, g.waited, g.total = 0, false, 0
}
