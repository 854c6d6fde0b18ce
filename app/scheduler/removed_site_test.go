package scheduler

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

func TestATaskOfASiteThatIsNoLongerConfiguredIsDropped(t *testing.T) {
	state := t.TempDir()
	left, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(state, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"gone": {}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := left.Accept(t.Context(), ledger.Request{Site: "gone", Source: release.FromEditor, Actor: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if _, err := left.Tick(t.Context(), "gone", "a token"); err != nil {
		t.Fatal(err)
	}
	if due, _, err := left.Outbox().Tasks(t.Context()); err != nil || len(due) != 1 {
		t.Fatalf("tasks left behind: %+v, %v", due, err)
	}
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}

	synctest.Test(t, func(t *testing.T) {
		_, l := started(t, state, newFakeRunner())
		time.Sleep(time.Minute)
		if due, next, err := l.Outbox().Tasks(t.Context()); err != nil || len(due) != 0 || !next.IsZero() {
			t.Errorf("still there: %+v, next at %s (%v)", due, next, err)
		}
	})
}
