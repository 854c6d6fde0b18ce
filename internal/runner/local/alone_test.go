//go:build linux

package local

import (
	"errors"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/runner"
)

// A reset opens the next release at once, while the run before it still ends.
func TestNextRunWaitsUntilTheOneBeforeHasEnded(t *testing.T) {
	b := newPlace(t, `trap '' TERM; while :; do sleep 0.1; done`).open(t)
	before := b.dispatch(1)

	_, err := b.Dispatch(t.Context(), job(2))
	deferred, ok := errors.AsType[*runner.Deferred](err)
	if !ok || !deferred.Until.After(time.Now()) {
		t.Fatalf("dispatched beside a living run: %v", err)
	}
	found, err := b.Find(t.Context(), job(2))
	if err != nil || found != (runner.Finding{Final: true}) {
		t.Errorf("found %+v, %v: it was not handed over", found, err)
	}

	if err := b.Cancel(t.Context(), "www", 1, before); err != nil {
		t.Fatal(err)
	}
	b.ended(1)
	b.dispatch(2)
}
