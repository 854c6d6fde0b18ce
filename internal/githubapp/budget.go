package githubapp

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Budget is the last known state of GitHub's rate limits for an installation, with times
// by this machine's clock. The zero Budget knows nothing.
type Budget struct {
	// Quota is how many calls an hour GitHub allows, 0 if not known, of which Remaining are left
	// until Reset (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
	Quota, Remaining int
	Reset            time.Time
	// Until is the end of a pause that GitHub asked for, in which nothing may be sent.
	// Refusals is how many such answers in a row did not name its end.
	Until    time.Time
	Refusals int
}

// sameReset is how much the resets of two answers may differ if they are for the same hour.
const sameReset = 5 * time.Second

// With merges another Budget: the one of the later hour counts, and within an hour the
// one with fewer calls left, which is the later. Refusals are the other's.
func (b Budget) With(o Budget) Budget {
	switch d := o.Reset.Sub(b.Reset); {
	case o.Quota == 0 || b.Quota != 0 && d < -sameReset:
	case b.Quota == 0 || d > sameReset:
		b.Quota, b.Remaining, b.Reset = o.Quota, o.Remaining, o.Reset
	default:
		b.Quota, b.Remaining = o.Quota, min(b.Remaining, o.Remaining)
	}
	if o.Until.After(b.Until) {
		b.Until = o.Until
	}
	b.Refusals = o.Refusals
	return b
}

// closedUntil is the instant before which nothing may be sent; zero for none.
func (b Budget) closedUntil(now time.Time) time.Time {
	until := b.Until
	if b.Quota > 0 && b.Remaining == 0 {
		if at := b.Reset.Add(time.Second); at.After(until) { // GitHub's clock may be ahead of this one
			until = at
		}
	}
	if !now.Before(until) {
		return time.Time{}
	}
	return until
}

const (
	// When fewer than 1/scarcePart of the hour's calls are left, reads are spread over
	// the rest of the hour. 1/keptPart is kept for calls that change something: look-ups
	// of runs must not delay a dispatch.
	scarcePart = 10
	keptPart   = 50
)

// readInterval is the least time between calls that only read; 0 for no limit.
func (b Budget) readInterval(now time.Time) time.Duration {
	left := b.Reset.Sub(now)
	if b.Quota == 0 || left <= 0 || b.Remaining*scarcePart >= b.Quota {
		return 0
	}
	spare := b.Remaining - b.Quota/keptPart
	if spare <= 0 {
		return left
	}
	return left / time.Duration(spare)
}

// budgetOf reads the rate limit headers of an answer; a Budget without Quota if it has
// none. Only the resource "core" counts: the app calls no other.
func budgetOf(h http.Header) Budget {
	quota, err := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	remaining, err2 := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	reset, err3 := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	resource := h.Get("X-RateLimit-Resource")
	if err != nil || err2 != nil || err3 != nil || quota < 1 || remaining < 0 || resource != "" && resource != "core" {
		return Budget{}
	}
	return Budget{Quota: quota, Remaining: remaining, Reset: time.Unix(reset, 0)}
}

// Budgets share the Budget of each installation among all processes that call as it, so
// that they slow down and pause together. An installation is 0 for a token, -1 for the App
// itself. All times are by this machine's clock.
type Budgets interface {
	// Budget is the present budget.
	Budget(ctx context.Context, installation int64) (Budget, error)
	// Update merges the budget of an answer, by Budget.With.
	Update(ctx context.Context, installation int64, said Budget) error
	// Turn reserves the next instant for a call, at least interval after the one before.
	// Calls that change something have instants of their own. If the instant lies further
	// ahead than limit, Turn returns it without reserving it, and ok is false.
	Turn(ctx context.Context, installation int64, change bool, interval, limit time.Duration) (at time.Time, ok bool, err error)
}

// ownBudgets are the budgets of a process that calls alone.
type ownBudgets struct {
	mu    sync.Mutex
	known map[int64]Budget
	turns map[int64]map[bool]time.Time
}

func newOwnBudgets() *ownBudgets {
	return &ownBudgets{known: map[int64]Budget{}, turns: map[int64]map[bool]time.Time{}}
}

// Budget is the present budget.
func (o *ownBudgets) Budget(_ context.Context, installation int64) (Budget, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[installation], nil
}

// Update adds what an answer said.
func (o *ownBudgets) Update(_ context.Context, installation int64, said Budget) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known[installation] = o.known[installation].With(said)
	return nil
}

// Turn reserves the next instant for a call.
func (o *ownBudgets) Turn(_ context.Context, installation int64, change bool, interval, limit time.Duration) (time.Time, bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if o.turns[installation] == nil {
		o.turns[installation] = map[bool]time.Time{}
	}
	at := o.turns[installation][change]
	if at.Before(now) {
		at = now
	}
	if at.Sub(now) > limit {
		return at, false, nil
	}
	o.turns[installation][change] = at.Add(interval)
	return at, true, nil
}

var _ Budgets = (*ownBudgets)(nil)
