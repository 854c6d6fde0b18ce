package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
)

// unsent are the copies that lie in the state folder.
func (b *bench) unsent(t *testing.T) []string {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(b.app.config.State, unsentBackup+"*"))
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
		eventually.Holds(t, "the copy is removed", func() bool { return len(b.unsent(t)) == 0 && !b.app.backups.underWay.Load() })
	}
}

func TestOneBackupIsMadeAtATime(t *testing.T) {
	b := start(t, nil)
	b.app.backups.underWay.Store(true)
	resp := b.fetch(t, "/v1/backup", operatorToken)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "30" || !strings.Contains(string(text), `"backup_under_way"`) {
		t.Errorf("got %s %v %s %v", resp.Status, resp.Header, text, err)
	}
	if left := b.unsent(t); len(left) != 0 {
		t.Errorf("what was refused left %v", left)
	}
	b.app.backups.underWay.Store(false)
	body, err := b.client.Backup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	body.Close()
}

func TestWhatAKilledAppLeftIsRemovedAtTheStart(t *testing.T) {
	b := start(t, nil)
	state := b.app.config.State
	left, own := filepath.Join(state, unsentBackup+"123"), filepath.Join(state, "backup-2026")
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
	again, err := New(t.Context(), Options{Config: b.app.config, NewRunner: func(runner.OnEvent) (runner.Runner, error) { return b.runner, nil }})
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

// A ledger's copy that is gone, or that can't be read on, must never look whole.
func TestABackupThatCannotBeSentIsRefused(t *testing.T) {
	b := start(t, nil)
	mux := http.NewServeMux()
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) {
		b.app.sendBackup(w, r, filepath.Join(b.app.config.State, "gone"))
	})
	mux.HandleFunc("/folder", func(w http.ResponseWriter, r *http.Request) { b.app.sendBackup(w, r, b.app.config.State) })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	get := func(path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return http.DefaultClient.Do(req)
	}
	resp, err := get("/gone")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 500 || resp.Header.Get("Content-Type") != "application/problem+json" || resp.Header.Get("Content-Disposition") != "" {
		t.Errorf("a copy that is gone: %s %v", resp.Status, resp.Header)
	}
	// A folder opens, and fails when it is read: as a disk does that breaks.
	if resp, err = get("/folder"); err == nil {
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
	}
	if err == nil {
		t.Error("a copy that broke off looks whole")
	}
}
