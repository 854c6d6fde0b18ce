package app

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

func TestATaskOfASiteThatIsNoLongerConfiguredIsDropped(t *testing.T) {
	state := t.TempDir()
	left, err := ledger.Open(t.Context(), ledger.Options{
		Path: filepath.Join(state, "pressrun.db"), Sites: map[string]release.Policy{"gone": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := left.Ask(t.Context(), ledger.Request{Site: "gone", Source: release.FromEditor, Actor: "Ada"}); err != nil {
		t.Fatal(err)
	}
	if _, err := left.Tick(t.Context(), "gone", "a token"); err != nil {
		t.Fatal(err)
	}
	if due, _, err := left.Tasks(t.Context()); err != nil || len(due) != 1 {
		t.Fatalf("tasks left behind: %+v, %v", due, err)
	}
	if err := left.Close(); err != nil {
		t.Fatal(err)
	}

	b := start(t, func(c *config.Config) { c.State = state })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		due, next, err := b.app.ledger.Tasks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 && next.IsZero() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still there: %+v, next at %s", due, next)
		}
	}
}
