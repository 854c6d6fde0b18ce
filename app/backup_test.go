package app

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
)

// unsent are the copies that lie in the state folder.
func (b *bench) unsent(t *testing.T) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(b.app.current.Load().config.State, "unsent-backup-"+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return left
}

func TestABackupIsWholeAndLeavesNothing(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	for range 2 { // one after the other, on the same connection
		body, err := b.client.Backup(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "copy.db")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(f, body); err != nil {
			t.Fatal(err)
		}
		body.Close()
		f.Close()
		if err := sqlite.Verify(t.Context(), path); err != nil {
			t.Error(err)
		}
		eventually.Holds(t, "the copy is removed", func() bool { return len(b.unsent(t)) == 0 })
	}
}

func TestWhatAKilledAppLeftIsRemovedAtTheStart(t *testing.T) {
	b := start(t, nil)
	state := b.app.current.Load().config.State
	left, own := filepath.Join(state, "unsent-backup-"+"123"), filepath.Join(state, "backup-2026")
	for _, dir := range []string{left, own} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "pressrun.db.partial"), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(state, ".key-123.tmp"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.app.stopNow()
	if err := b.app.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := New(t.Context(), Options{Config: b.app.current.Load().config, NewRunner: func(runner.OnEvent) (runner.Runner, error) { return b.runner, nil }})
	if err != nil {
		t.Fatal(err)
	}
	b.app = again
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Errorf("the copy is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(state, ".key-123.tmp")); !os.IsNotExist(err) {
		t.Errorf("the unfinished file is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(own, "pressrun.db.partial")); err != nil {
		t.Errorf("somebody else's folder: %v", err)
	}
}
