package notices

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/test/ledgerfile"
)

// dying is the lines of a process that is killed at one of its steps: before what the
// step does, or after it, when its outcome is lost.
type dying struct {
	Lines
	to    http.RoundTripper
	steps *atomic.Int64
	at    int64
	after bool
	kill  context.CancelFunc
}

var errKilled = errors.New("killed")

// step does one step of the process, unless it is dead.
func (d *dying) step(do func() error) error {
	n := d.steps.Add(1)
	switch {
	case n > d.at, n == d.at && !d.after:
		d.kill()
		return errKilled
	}
	err := do()
	if n == d.at {
		d.kill()
		return errKilled
	}
	return err
}

func (d *dying) Make(ctx context.Context, to ledger.NoticeTarget, from, upto ledger.NoticeCursor, made []ledger.Notice) error {
	return d.step(func() error { return d.Lines.Make(context.WithoutCancel(ctx), to, from, upto, made) })
}

func (d *dying) Delivered(ctx context.Context, one ledger.Notice, how ledger.Taken) error {
	return d.step(func() error { return d.Lines.Delivered(context.WithoutCancel(ctx), one, how) })
}

func (d *dying) Lost(ctx context.Context, to ledger.NoticeTarget, number int64) error {
	return d.step(func() error { return d.Lines.Lost(context.WithoutCancel(ctx), to, number) })
}

func (d *dying) Failed(ctx context.Context, one ledger.Notice, status int, trouble string, again time.Time) error {
	return d.step(func() error { return d.Lines.Failed(context.WithoutCancel(ctx), one, status, trouble, again) })
}

func (d *dying) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	err = d.step(func() error {
		resp, err = d.to.RoundTrip(r) //nolint:bodyclose // whoever asked closes it
		return err
	})
	return resp, err
}

// TestAKillAtAnyStepLosesAndDoublesNothing kills the sending at each of its steps,
// before and after what the step does, and starts it anew: the target gets all, in
// order, and what comes twice has one id and one body.
func TestAKillAtAnyStepLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	const want = "release.requested release.dispatched release.started release.in_progress release.live request.live request.live release.succeeded"
	cuts := 0
	for at := int64(1); ; at++ {
		done := false
		for _, after := range []bool{false, true} {
			dir := ledgerfile.Folder(t)
			synctest.Test(t, func(t *testing.T) {
				l, to := opened(t, dir), &receiver{}
				// Every third call is not taken: failures are steps too.
				to.fail = func(n int) (int, error) {
					if n%3 == 0 {
						return http.StatusServiceUnavailable, nil
					}
					return http.StatusOK, nil
				}
				c := configOf(t, dir, "cms")
				d := &dying{Lines: l.Notices(), to: to, steps: &atomic.Int64{}, at: at, after: after}
				ctx, kill := context.WithCancel(t.Context())
				d.kill = kill
				stop := running(t, c, l, d, d)
				released(t, l, 2, live)
				time.Sleep(time.Minute)
				if ctx.Err() == nil {
					done = true
				}
				stop()
				running(t, c, l, l.Notices(), to)
				time.Sleep(10 * time.Minute)
				bodies := map[string]string{}
				var order []string
				for _, g := range to.taken() {
					if body, again := bodies[g.id]; again {
						if body != g.body {
							t.Errorf("cut %d: %s came with two bodies", at, g.id)
						}
						continue
					}
					bodies[g.id] = g.body
					order = append(order, strings.TrimPrefix(g.kind, "pressrun."))
				}
				if got := strings.Join(order, " "); got != want {
					t.Errorf("cut at step %d (after: %v): it was told\n%s, want\n%s", at, after, got, want)
				}
				if left := noticesOf(t, l, "cms", ledger.NoticeWaiting); len(left) != 0 {
					t.Errorf("cut at step %d: %d notices are left", at, len(left))
				}
			})
			cuts++
		}
		if done || t.Failed() {
			break
		}
	}
	if cuts < 30 {
		t.Errorf("there were %d cuts only", cuts)
	}
	t.Logf("cuts=%d lost=0 doubled=0", cuts)
}

// endless answers without an end.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	return len(p), nil
}

func (e *endless) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusInternalServerError, Header: http.Header{"Retry-After": {"1800"}}, Body: io.NopCloser(e), Request: r}, nil
}

func TestAnEndlessAnswerIsNotReadToItsEndAndRetryAfterIsHeeded(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), &endless{}
		running(t, configOf(t, dir, "cms"), l, l.Notices(), to)
		released(t, l, 1, live)
		time.Sleep(time.Minute)
		if n := to.read.Load(); n == 0 || n > 64<<10 {
			t.Errorf("%d bytes were read", n)
		}
		all := noticesOf(t, l, "cms", "")
		first := all[len(all)-1]
		if wait := first.Due.Sub(first.Tried); wait < 29*time.Minute || wait > 31*time.Minute {
			t.Errorf("it is tried again after %s", wait)
		}
	})
}
