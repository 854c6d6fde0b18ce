package githubapp

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Budget is what GitHub said last of the limits of an installation's calls, by this
// machine's clock. The zero Budget is that nothing is known.
type Budget struct {
	// Quota is how many calls an hour has, 0 for not known, of which Remaining are left
	// until Reset (https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api).
	Quota, Remaining int
	Reset            time.Time
	// Until is before when nothing may be sent: GitHub asked for a pause. Met is how many
	// such answers in a row did not say for how long.
	Until time.Time
	Met   int
}

// sameReset is by how much two answers may differ that tell of one hour.
const sameReset = 5 * time.Second

// With is what is known once something else is: the newer hour counts, and within an hour
// the call that came last, which left the least. Met is that of the other.
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
	b.Met = o.Met
	return b
}

// closedUntil is before when nothing may be sent; zero for no such time.
func (b Budget) closedUntil(now time.Time) time.Time {
	until := b.Until
	if b.Quota > 0 && b.Remaining == 0 {
		if at := b.Reset.Add(time.Second); at.After(until) { // its clock may be ahead of ours
			until = at
		}
	}
	if !now.Before(until) {
		return time.Time{}
	}
	return until
}

const (
	// scarcePart is which part of the hour's calls is left when reads are spread over the
	// rest of the hour, and keptPart which part is kept for what changes something: a
	// dispatch must not wait because runs are looked at.
	scarcePart = 10
	keptPart   = 50
)

// readsApart is how far apart calls that only read are to be; 0 for no matter.
func (b Budget) readsApart(now time.Time) time.Duration {
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

// budgetOf reads what an answer says of the hour; a Budget without Quota where it says
// nothing. Only the limit of ordinary calls is ours.
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

// Budgets keep what is known of each installation where all who call as it see it: then
// they slow down together before the limit, and pause together. An installation is 0 for a
// token, -1 for the App itself. All times are by this machine's clock.
type Budgets interface {
	// Budget is what is known by now.
	Budget(ctx context.Context, installation int64) (Budget, error)
	// Told adds what an answer said, by Budget.With.
	Told(ctx context.Context, installation int64, said Budget) error
	// Turn reserves the next instant for a call, of those that change something or of those
	// that do not, so far apart from the one before. One that lies further ahead than
	// within is told and not reserved: ok is false.
	Turn(ctx context.Context, installation int64, change bool, apart, within time.Duration) (at time.Time, ok bool, err error)
}

// ownBudgets are those of a process that calls alone.
type ownBudgets struct {
	mu    sync.Mutex
	known map[int64]Budget
	turns map[int64]map[bool]time.Time
}

func newOwnBudgets() *ownBudgets {
	return &ownBudgets{known: map[int64]Budget{}, turns: map[int64]map[bool]time.Time{}}
}

// Budget is what is known by now.
func (o *ownBudgets) Budget(_ context.Context, installation int64) (Budget, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.known[installation], nil
}

// Told adds what an answer said.
func (o *ownBudgets) Told(_ context.Context, installation int64, said Budget) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.known[installation] = o.known[installation].With(said)
	return nil
}

// Turn reserves the next instant for a call.
func (o *ownBudgets) Turn(_ context.Context, installation int64, change bool, apart, within time.Duration) (time.Time, bool, error) {
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
	if at.Sub(now) > within {
		return at, false, nil
	}
	o.turns[installation][change] = at.Add(apart)
	return at, true, nil
}

var _ Budgets = (*ownBudgets)(nil)
