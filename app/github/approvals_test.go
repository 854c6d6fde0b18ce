package github

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

func waiting(t *testing.T) (*approvals, string) {
	t.Helper()
	state := t.TempDir()
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(state, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return &approvals{connection: &connection{}, ledger: l, log: slog.New(slog.DiscardHandler), arrived: make(chan struct{}, 1)}, state
}

func TestRunsInTheFileOfAnEarlierVersionAreTakenOverOnce(t *testing.T) {
	a, state := waiting(t)
	file := filepath.Join(state, "github-gates.json")
	// As version 0.1 wrote it.
	const text = `[{"gate":{"site":"www","run":"7","environment":"production"},"since":"2026-11-27T09:00:00Z","told":"paused","words":2},
		{"gate":{"site":"www","run":"8","environment":"production"},"since":"2026-11-27T10:00:00Z"}]`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	since := time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	want := []ledger.Approval{
		{Site: "www", Run: "7", Environment: "production", Since: since, Comment: "paused", Comments: 2},
		{Site: "www", Run: "8", Environment: "production", Since: since.Add(time.Hour)},
	}
	for range 2 { // the second time there is no file
		if err := a.importFile(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		got, err := a.ledger.Approvals().Waiting(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the runs that wait (-want +got):\n%s", diff)
		}
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}

func TestADamagedFileOfRunsThatWaitIsToldOfAndKept(t *testing.T) {
	a, state := waiting(t)
	file := filepath.Join(state, "github-gates.json")
	if err := os.WriteFile(file, []byte(`[{"gate":`), fs.FileMode(0o600)); err != nil {
		t.Fatal(err)
	}
	if err := a.importFile(t.Context(), state); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
