package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// load sends n writes through a gate to a store that does so many at once, each
// in the given time; the others queue. It returns the time taken.
func load(t *testing.T, g *gate, n, atOnce int, each time.Duration) time.Duration {
	t.Helper()
	slots := make(chan struct{}, atOnce)
	began := time.Now()
	var wait sync.WaitGroup
	for range n {
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			start := time.Now()
			slots <- struct{}{}
			time.Sleep(each)
			<-slots
			g.leave(time.Since(start), 1000)
		})
	}
	wait.Wait()
	return time.Since(began)
}

func TestTheGateFindsWhatTheStoreTakes(t *testing.T) {
	for _, c := range []struct {
		name        string
		atOnce      int
		each        time.Duration
		least, most float64
		slower      float64 // at most so many times the best possible time
	}{
		{name: "a far store that takes all", atOnce: 10000, each: 50 * time.Millisecond, least: 200, most: 256, slower: 1.6},
		{name: "a small store next door", atOnce: 8, each: time.Millisecond, least: 8, most: 40, slower: 1.1},
		{name: "one in between", atOnce: 64, each: 20 * time.Millisecond, least: 40, most: 200, slower: 1.3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 8000
				g := newGate(256, nil)
				took := load(t, g, n, c.atOnce, c.each)
				if g.limit < c.least || g.limit > c.most {
					t.Errorf("limit %.0f, want %.0f to %.0f", g.limit, c.least, c.most)
				}
				best := time.Duration(n/min(c.atOnce, 256)) * c.each
				if float64(took) > c.slower*float64(best) {
					t.Errorf("%s, where %s is the best possible", took, best)
				}
			})
		})
	}
}

func TestTheGateHalvesWhenAskedForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		g := newGate(256, asked.Load)
		load(t, g, 4000, 10000, 10*time.Millisecond)
		before := g.limit
		asked.Add(5)
		load(t, g, int(before), 10000, 10*time.Millisecond)
		if g.limit > before*0.6 {
			t.Errorf("limit %.0f after the store asked for less, %.0f before", g.limit, before)
		}
		load(t, g, 8000, 10000, 10*time.Millisecond)
		if g.limit < before*0.8 {
			t.Errorf("limit %.0f long after, %.0f before", g.limit, before)
		}
	})
}

func TestTheGateLetsGoOfWhoeverIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1, nil)
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { time.Sleep(time.Second); cancel(why) }()
		if err := g.enter(ctx); !errors.Is(err, why) {
			t.Fatalf("got %v", err)
		}
		g.leave(time.Second, 1)
		if err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
