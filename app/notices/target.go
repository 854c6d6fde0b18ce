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

// target is who is told of a site. It has a line of its own, and a goroutine.
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
	// late is after how long what went live is handed off late, for a kind that hands off,
	// and lateAt when what waits will be; zero when nothing does.
	late   time.Duration
	lateAt time.Time
	// settled is when the release that ended last may be told of; zero for none.
	settled time.Time
	// pause is the least wait between two messages, and sent when the last one was.
	pause time.Duration
	sent  time.Time
	// failures counts what failed in a row, whichever notice it was.
	failures int
	// seen is how far the audit trail was read: further than the ledger's cursor,
	// where nothing was to be told.
	seen ledger.NoticeCursor
}

const (
	// most is how many notices wait in line before no more are made: the rest is in
	// the audit trail.
	most = 200
	// ledgerWait is the wait after an error of the ledger.
	ledgerWait = 5 * time.Second
	// breath is the least wait between two looks.
	breath = 50 * time.Millisecond
	// longest is the longest wait between two looks.
	longest = time.Hour
	// Tried is for how long a notice is tried.
	Tried = 24 * time.Hour
	// goneStatus is the answer of a target that wants no more (Standard Webhooks,
	// "410 Gone").
	goneStatus = 410
)

// run tells the target what happens until ctx ends.
func (t *target) run(ctx context.Context) {
	t.seen = ledger.NoticeCursor{} // another app may have told it meanwhile
	for ctx.Err() == nil {
		told := t.ledger.Told(t.Site)
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
		case <-told:
		case <-timer.C:
		}
		timer.Stop()
		select { // a burst of requests must not keep it reading
		case <-ctx.Done():
		case <-time.After(breath):
		}
	}
}

// round puts what happened in line and sends what is due. It tells when the next is.
func (t *target) round(ctx context.Context) (next time.Time, err error) {
	for ctx.Err() == nil {
		if err := t.fill(ctx); err != nil {
			return next, err
		}
		now := ledger.Now()
		first, waits, err := t.first(ctx, now)
		if err == nil && t.kind.HandsOff {
			err = t.tellLate(ctx, now)
		}
		if err != nil {
			return next, err
		}
		switch pause := t.sent.Add(t.pause); {
		case !waits:
			return t.lookAgain(now.Add(longest)), nil
		case pause.After(now) && !t.sent.After(now):
			return pause, nil
		case !due(first, now):
			return t.lookAgain(first.Due), nil
		}
		if err := t.try(ctx, first); err != nil {
			return next, err
		}
	}
	return next, ctx.Err()
}

// threads are the order within a target of which one notice may wait without the others:
// each is to be told in its own order.
type threads interface {
	thread(one ledger.Notice) string
	// putOff says whether a notice waits for a reason of its own.
	putOff(one ledger.Notice) bool
}

// first is the notice to be tried next: the first in line, or one behind those that wait
// for a reason of their own, of another thread.
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
			return soonest(first, one), true, err // all of the target waits
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

// try sends a notice, and notes what came of it.
func (t *target) try(ctx context.Context, one ledger.Notice) error {
	if err := replicas.Still(ctx); err != nil {
		return err
	}
	came := t.sender.send(ctx, one)
	if ctx.Err() != nil {
		return ctx.Err() // the app ends: it is tried again
	}
	t.sent = ledger.Now()
	if came.taken {
		t.failures = 0
		return t.lines.Delivered(ctx, one, ledger.Taken{Status: came.status, Place: came.place, Answer: came.answer, Watermark: came.watermark})
	}
	if came.lost {
		if err := t.lines.Lost(ctx, t.NoticeTarget, one.Release); err != nil {
			return err
		}
	}
	failures := one.Tries + 1
	if !came.own {
		t.failures++
		failures = max(failures, t.failures)
	}
	now := ledger.Now()
	again := now.Add(backoff(failures, rand.Float64())) //nolint:gosec // G404: a jitter is no secret
	if came.after.After(again) {
		again = came.after
	}
	if came.over || again.After(one.Until) {
		t.log.Warn("a notice was given up", "notice", one.ID, "type", one.Type, "trouble", came.trouble)
		return t.lines.GaveUp(ctx, one, came.status, came.trouble)
	}
	t.log.Debug("a notice was not taken", "notice", one.ID, "type", one.Type, "trouble", came.trouble, "again", again)
	return t.lines.Failed(ctx, one, came.status, came.trouble, again)
}

const (
	firstWait   = 5 * time.Second
	longestWait = time.Hour
)

// backoff is the wait after so many failures: 5 s, twice as long each time, an hour
// at most, and by chance (from 0 to 1) up to a quarter more or less, so that what
// failed together is not tried together.
func backoff(failures int, chance float64) time.Duration {
	wait := longestWait
	if failures < 11 {
		wait = min(firstWait<<(failures-1), longestWait)
	}
	return wait + time.Duration((chance-0.5)/2*float64(wait))
}
