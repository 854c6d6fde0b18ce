//go:build unix

package action_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/api"
)

// gatekeeper is an app that only takes claims and remembers their bearers. It
// refuses the first as used before.
func gatekeeper(t *testing.T, bearers *[]string) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*bearers = append(*bearers, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		status, code := http.StatusUnauthorized, "replayed_token"
		if len(*bearers) > 1 {
			status, code = http.StatusConflict, "nothing_to_do"
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		if err := json.NewEncoder(w).Encode(api.Problem{Status: status, Code: code, Detail: code}); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

func TestClaimShowsGitHubsWordAfreshForEachTry(t *testing.T) {
	var bearers []string
	app := gatekeeper(t, &bearers)
	asked := 0
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Query().Get("audience") != app.URL || r.Header.Get("Authorization") != "Bearer the job's own" || r.URL.Query().Get("api-version") != "2.0" {
			t.Errorf("GitHub was asked for %s", r.URL)
		}
		if asked == 1 {
			w.WriteHeader(http.StatusServiceUnavailable) // tried again
			return
		}
		_, _ = w.Write([]byte(`{"value":"token-` + string(rune('0'+asked)) + `"}`)) // the run sees it if not
	}))
	defer github.Close()
	b := newBench(t, goodBuild)
	b.inWorkflow()
	b.opts.URL, b.opts.Site = app.URL, "www"
	b.opts.Environ = append(b.opts.Environ, "ACTIONS_ID_TOKEN_REQUEST_URL="+github.URL+"?api-version=2.0", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=the job's own")
	b.wantExit(b.run("claim"), failure.ExitOK)
	if len(bearers) != 2 || bearers[0] != "token-2" || bearers[1] != "token-3" {
		t.Errorf("the app was shown %q", bearers)
	}
}

func TestClaimSignsWithTheSharedSecret(t *testing.T) {
	const secret = "a secret of twenty characters or more"
	var bearers []string
	app := gatekeeper(t, &bearers)
	b := newBench(t, goodBuild)
	b.inWorkflow()
	b.opts.URL, b.opts.Site = app.URL, "www"
	b.opts.Environ = append(b.opts.Environ, "PRESSRUN_CALLBACK_SECRET="+secret, "GITHUB_EVENT_NAME=schedule")
	b.wantExit(b.run("claim"), failure.ExitOK)
	if len(bearers) != 2 || bearers[0] == bearers[1] {
		t.Fatalf("the app was shown %q, want two different tokens", bearers)
	}
	got, err := api.OpenCallback([]string{secret}, bearers[0], time.Now())
	if err != nil || got.RunID != "run-1" || got.Attempt != 1 || got.Site != "www" || got.Event != "schedule" {
		t.Errorf("the callback is %+v, %v", got, err)
	}
}

func TestClaimInAWorkflowWithoutAnyCredentialSaysWhatToGive(t *testing.T) {
	var bearers []string
	app := gatekeeper(t, &bearers)
	b := newBench(t, goodBuild)
	b.inWorkflow()
	b.opts.URL, b.opts.Site = app.URL, "www"
	err := b.run("claim")
	b.wantExit(err, failure.ExitUsage)
	if err == nil || !strings.Contains(err.Error(), "id-token: write") || len(bearers) != 0 {
		t.Errorf("the run said %v and called the app %d times", err, len(bearers))
	}
}
