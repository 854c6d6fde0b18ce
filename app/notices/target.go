package notices

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/pressrun/pressrun/app/replicas"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
)

// target is a receiver of a site's notices. It has a line and a goroutine of its own.
type target struct {
	ledger.NoticeTarget
	kind   notify.Kind
	wanted []notify.Type // nil: all that the kind can tell
	site   notify.Site
	sender sender
	ledger Ledger
	lines  Lines
	log    *slog.Logger
	people people // for a kind that tells people
	// late is how long a hand-off may wait until the target counts as late, and lateAt
	// when it will; zero when none waits. For kinds that hand off.
	late   time.Duration
	lateAt time.Time
	// settled is when notices of the release that ended last may be made; zero for none.
	settled time.Time
	// pause is the least wait between two messages, and sent the time of the last one.
	pause time.Duration
	sent  time.Time
	// failures counts the failed tries in a row, of all notices.
	failures int
	// seen is how far the audit trail was read: further than the ledger's cursor after
	// events without notices.
	seen ledger.NoticeCursor
}

const (
	// most bounds the notices in line: no more are made before some are sent.
	most = 200
	// ledgerWait is the wait after an error of the ledger.
	ledgerWait = 5 * time.Second
	// pause is the least wait between two rounds, and longest the longest.
	pause   = 50 * time.Millisecond
	longest = time.Hour
	// Tried is how long a notice is tried.
	Tried = 24 * time.Hour
	// goneStatus is the answer of a target that wants no more (Standard Webhooks,
	// "410 Gone").
	goneStatus = 410
)

// run sends the target its notices until ctx ends.
func (t *target) run(ctx context.Context) {
	t.seen = ledger.NoticeCursor{} // another replica may have sent notices meanwhile
	for ctx.Err() == nil {
		grown := t.ledger.TrailGrown(t.Site)
		next, err := t.round(ctx)
		if err != nil {
			if !errors.Is(err, context.Canceled) && !errors.Is(err, ledger.ErrTakenOver) {
				t.log.Error("notices can't be sent", "error", err)
			}
			next = ledger.Now().Add(ledgerWait)
		}
		timer := time.NewTimer(min(max(next.Sub(ledger.Now()), 0), longest))
		select {
		case <-ctx.Done():
		case <-grown:
		case <-timer.C:
		}
		timer.Stop()
		select { // a burst of requests must not cause a round each
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// round makes notices and sends those that are due. It gives the time of the next round.
func (t *target) round(ctx context.Context) (next time.Time, err error) {
	for ctx.Err() == nil {
		if err := t.fill(ctx); err != nil {
			return next, err
		}
		now := ledger.Now()
		first, waits, err := t.first(ctx, now)
		if err == nil && t.kind.HandsOff {
			err = t.noteLate(ctx, now)
		}
		if err != nil {
			return next, err
		}
		switch free := t.sent.Add(t.pause); {
		case !waits:
			return t.lookAgain(now.Add(longest)), nil
		case free.After(now) && !t.sent.After(now):
			return free, nil
		case !due(first, now):
			return t.lookAgain(first.Due), nil
		}
		if err := t.try(ctx, first); err != nil {
			return next, err
		}
	}
	return next, ctx.Err()
}

// threads is a sender whose notices must arrive in order within a thread only: a thread may
// wait while others go on.
type threads interface {
	thread(one ledger.Notice) string
	// putOff says whether a notice waits for a reason of its thread's own.
	putOff(one ledger.Notice) bool
}

// first is the notice to be tried next: the first in line, or the first one of a thread that
// does not wait.
func (t *target) first(ctx context.Context, now time.Time) (ledger.Notice, bool, error) {
	first, waits, err := t.ledger.FirstNotice(ctx, t.NoticeTarget)
	by, ok := t.sender.(threads)
	if err != nil || !waits || !ok || due(first, now) || !by.putOff(first) {
		return first, waits, err
	}
	line, err := t.ledger.NoticesInLine(ctx, t.NoticeTarget, most)
	held := map[string]bool{}
	for _, one := range line {
		switch thread := by.thread(one); {
		case held[thread]:
		case due(one, now):
			return one, true, err
		case !by.putOff(one):
			return soonest(first, one), true, err // the whole target waits
		default:
			held[thread] = true
			first = soonest(first, one)
		}
	}
	return first, true, err
}

// due says whether a notice may be tried now.
func due(one ledger.Notice, now time.Time) bool { return !one.Due.After(now) || clockBack(one, now) }

// soonest is the one that is due before the other.
func soonest(a, b ledger.Notice) ledger.Notice {
	if b.Due.Before(a.Due) {
		return b
	}
	return a
}

// clockBack says whether a notice is not due only because the clock was put back.
func clockBack(one ledger.Notice, now time.Time) bool {
	return one.Tried.After(now.Add(5*time.Second)) || one.Due.After(now.Add(2*longestWait))
}

// try sends a notice, and records the outcome.
func (t *target) try(ctx context.Context, one ledger.Notice) error {
	if err := replicas.CheckClaim(ctx); err != nil {
		return err
	}
	result := t.sender.send(ctx, one)
	if ctx.Err() != nil {
		return ctx.Err() // the app ends: the notice is tried again
	}
	t.sent = ledger.Now()
	if result.taken {
		t.failures = 0
		return t.lines.Delivered(ctx, one, ledger.Taken{Status: result.status, Place: result.place, Answer: result.answer, Watermark: result.watermark})
	}
	if result.lost {
		if err := t.lines.Lost(ctx, t.NoticeTarget, one.Release); err != nil {
			return err
		}
	}
	failures := one.Tries + 1
	if !result.own {
		t.failures++
		failures = max(failures, t.failures)
	}
	now := ledger.Now()
	again := now.Add(backoff(failures, rand.Float64())) //nolint:gosec // G404: a jitter is no secret
	if result.after.After(again) {
		again = result.after
	}
	if result.over || again.After(one.Until) {
		t.log.Warn("a notice was given up", "notice", one.ID, "type", one.Type, "trouble", result.trouble)
		return t.lines.GaveUp(ctx, one, result.status, result.trouble)
	}
	t.log.Debug("a notice was not taken", "notice", one.ID, "type", one.Type, "trouble", result.trouble, "again", again)
	return t.lines.Failed(ctx, one, result.status, result.trouble, again)
}

const (
	firstWait   = 5 * time.Second
	longestWait = time.Hour
)

// backoff is the wait after a number of failures: 5 s, twice as long each time, an hour at
// most, and by chance (from 0 to 1) up to a quarter more or less, so that targets that failed
// at the same time are not tried at the same time.
func backoff(failures int, chance float64) time.Duration {
	wait := longestWait
	if failures < 11 {
		wait = min(firstWait<<(failures-1), longestWait)
	}
	return wait + time.Duration((chance-0.5)/2*float64(wait))
}
