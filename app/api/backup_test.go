package api

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
)

// serve is the API of an app without sites, for an operator.
func serve(t *testing.T) (a *API, base, state string) {
	t.Helper()
	state = t.TempDir()
	led, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(state, "pressrun.db")), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	mux := http.NewServeMux()
	a = New(mux, Options{
		Auth: auth.New(auth.Options{Ledger: led, Log: log}), Problems: problem.NewReporter(t.Context(), log, problem.NewDisk(led)),
		Commands: command.New(led), View: view.New(led, nil, nil, log), Ledger: led, Places: stream.NewPlaces(1, 1), State: state, Log: log, Stop: t.Context(),
	})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(auth.With(r.Context(), &auth.Caller{Name: "ops", Role: auth.Operator})))
	}))
	t.Cleanup(func() {
		srv.Close()
		if err := led.Close(); err != nil {
			t.Error(err)
		}
	})
	return a, srv.URL, state
}

func get(t *testing.T, address string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestOneBackupIsMadeAtATime(t *testing.T) {
	a, base, state := serve(t)
	a.Backups.underWay.Store(true)
	resp := get(t, base+"/v1/backup")
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "30" || !strings.Contains(string(text), `"backup_under_way"`) {
		t.Errorf("got %s %v %s %v", resp.Status, resp.Header, text, err)
	}
	if left, err := filepath.Glob(filepath.Join(state, unsentBackup+"*")); err != nil || len(left) != 0 {
		t.Errorf("what was refused left %v", left)
	}
	a.Backups.underWay.Store(false)
	again := get(t, base+"/v1/backup")
	defer again.Body.Close()
	if again.StatusCode != http.StatusOK {
		t.Errorf("the next backup: %s", again.Status)
	}
}

// A ledger's copy that is gone, or that can't be read on, must never look whole.
func TestABackupThatCannotBeSentIsRefused(t *testing.T) {
	a, _, state := serve(t)
	mux := http.NewServeMux()
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) {
		a.Backups.send(w, r, filepath.Join(state, "gone"))
	})
	mux.HandleFunc("/folder", func(w http.ResponseWriter, r *http.Request) { a.Backups.send(w, r, state) })
	srv := httptest.NewServer(mux)
	defer srv.Close()
	fetch := func(path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return http.DefaultClient.Do(req)
	}
	resp, err := fetch("/gone")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < 500 || resp.Header.Get("Content-Type") != "application/problem+json" || resp.Header.Get("Content-Disposition") != "" {
		t.Errorf("a copy that is gone: %s %v", resp.Status, resp.Header)
	}
	// A folder opens, and fails when it is read: as a disk does that breaks.
	if resp, err = fetch("/folder"); err == nil {
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
	}
	if err == nil {
		t.Error("a copy that broke off looks whole")
	}
}
