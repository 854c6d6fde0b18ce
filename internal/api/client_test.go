package api

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
)

// A proxy that leads to its own page of signing in must not be taken for an app
// that took a run's word.
func TestACallThatIsLedElsewhereHasNotSucceeded(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>Sign in</html>")) })
	mux.Handle("GET /v1/sites/www", http.RedirectHandler("/moved", http.StatusFound))
	mux.HandleFunc("GET /moved", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"name":"www"}`)) })
	mux.Handle("/", http.RedirectHandler("/login", http.StatusFound))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	client, err := NewClient(srv.URL, "", Options{Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	run := Run{ID: "1", Attempt: 1}
	for name, err := range map[string]error{
		"failure":   client.Fail(t.Context(), "www", 1, FailureInput{Run: run, Why: "x", Fault: release.FaultBuild}),
		"heartbeat": client.Heartbeat(t.Context(), "www", 1, HeartbeatInput{Run: run}),
		"metrics":   client.PutMetrics(t.Context(), "www", 1, Metrics{}),
	} {
		p, ok := errors.AsType[*Problem](err)
		if !ok || p.Status != http.StatusFound || !strings.Contains(p.Detail, "/login") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if site, err := client.Site(t.Context(), "www"); err != nil || site.Name != "www" {
		t.Errorf("a read that is led on: %+v %v", site, err)
	}
}
