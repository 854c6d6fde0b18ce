package scheduler

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// awayRunner can't cancel while it is away.
type awayRunner struct {
	*fakeRunner
	away  atomic.Bool
	tries atomic.Int64
}

func (r *awayRunner) Cancel(context.Context, string, int64, release.Run) error {
	r.tries.Add(1)
	if r.away.Load() {
		return errors.New("the platform is away")
	}
	return nil
}

func TestACancellationIsTriedAsLongAsSomebodyWaitsForIt(t *testing.T) {
	for name, c := range map[string]struct {
		act  release.Event
		kept bool
	}{
		"a release that is being cancelled": {release.CancelRelease{Act: release.Act{By: "ops"}}, true},
		"a run of a release that was reset": {release.ResetSite{Act: release.Act{By: "ops"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				away := &awayRunner{fakeRunner: newFakeRunner()}
				away.away.Store(true)
				_, l := started(t, dir, away)
				ask(t, l, "www")
				time.Sleep(2 * time.Minute) // it is grouped, then dispatched
				if _, err := l.Decide(t.Context(), "www", release.PauseSite{Act: release.Act{By: "ops"}}); err != nil {
					t.Fatal(err)
				}
				if _, err := l.Decide(t.Context(), "www", c.act); err != nil {
					t.Fatal(err)
				}
				time.Sleep(10 * time.Minute)
				before := away.tries.Load()
				if before < maxCancels {
					t.Errorf("it was tried %d times", before)
				}
				away.away.Store(false)
				time.Sleep(2 * cancelAgain)
				if after := away.tries.Load() - before; c.kept && after != 1 || !c.kept && after != 0 {
					t.Errorf("once the platform is back it was tried %d times", after)
				}
				time.Sleep(10 * time.Minute)
				due, next, err := l.Outbox().Tasks(t.Context())
				if err != nil || len(due) != 0 || !next.IsZero() {
					t.Errorf("there are tasks left: %+v, the next at %v (%v)", due, next, err)
				}
			})
		})
	}
}
