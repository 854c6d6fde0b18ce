package year

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
	_ "time/tzdata" // the editors' zones, on any machine

	"github.com/pressrun/pressrun/test/memory"
)

const (
	// daysOf is the length of the drill when nobody says otherwise: a glance,
	// so that it may be part of every test run.
	daysOf = 2
	// ahead is how far ahead a request may be scheduled; settleLimit is how long
	// after the last day everything must be live.
	ahead       = 30 * time.Hour
	settleLimit = ahead + 24*time.Hour
)

// beginning is when the drill's time begins: a Monday, at midnight in New York.
var beginning = time.Date(2026, time.January, 5, 5, 0, 0, 0, time.UTC)

// TestYear lets days of PRESSRUN_DRILL_DAYS go by with the chances of
// PRESSRUN_DRILL_SEED. The same seed gives the same people and the same runs; the
// order of what happens at one instant is the scheduler's.
func TestYear(t *testing.T) {
	days := number(t, "PRESSRUN_DRILL_DAYS", daysOf)
	seed := number(t, "PRESSRUN_DRILL_SEED", rand.Int64N(1_000_000))
	t.Logf("days=%d seed=%d", days, seed)
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // memory is there, seconds are not
	dir, start, before := memory.Folder(t), time.Now(), cpuTime(t)
	var w *world
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(beginning))
		w = newWorld(t, uint64(seed), dir)
		w.live(int(days), func(day int) {
			if day%30 == 0 {
				t.Logf("day %d", day)
			}
		})
	})
	if w == nil {
		t.Fatal("the drill did not come to its figures")
	}
	w.figures.print(os.Stdout, int(days), seed, time.Since(start), cpuTime(t)-before)
}

func number(t *testing.T, name string, otherwise int64) int64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q: must be a number from 0", name, text)
	}
	return n
}

// chance is one actor's source of chances: everybody has his own, so that one
// more draw of one does not change all the others.
type chance struct{ *rand.Rand }

func newChance(seed uint64, who string) chance {
	var h uint64 = 14695981039346656037 // FNV-1a
	for _, b := range []byte(who) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return chance{rand.New(rand.NewPCG(seed, h))}
}

// of says whether something of a probability happens.
func (c chance) of(p float64) bool { return c.Float64() < p }

// between is a span of time from a to b.
func (c chance) between(a, b time.Duration) time.Duration {
	return a + time.Duration(c.Int64N(int64(b-a)+1))
}

// pick chooses by weight.
func pick[T any](c chance, options []weighted[T]) T {
	total := 0.0
	for _, o := range options {
		total += o.weight
	}
	at := c.Float64() * total
	for _, o := range options {
		if at -= o.weight; at < 0 {
			return o.what
		}
	}
	return options[len(options)-1].what
}

type weighted[T any] struct {
	weight float64
	what   T
}

// sleep waits, and says whether the context still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func hours(d time.Duration) string { return fmt.Sprintf("%.2f", d.Hours()) }
