package probe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/probe"
)

const token = "prt_THETOKENOFTHETESTSTHETOKEN"

// sound answers as a sound app does. broken has it answer some calls otherwise.
func sound(t *testing.T, broken map[string]http.HandlerFunc) string {
	t.Helper()
	mux := http.NewServeMux()
	answer := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	sites := func(w http.ResponseWriter, r *http.Request) {
		kind := "sites"
		switch bearer := r.Header.Get("Authorization"); {
		case r.Host == "probe.invalid":
			kind = "other-host"
		case bearer == "":
			kind = "no-token"
		case bearer != "Bearer "+token:
			kind = "unknown-token"
		}
		switch {
		case broken[kind] != nil:
			broken[kind](w, r)
		case kind == "sites":
			answer(200, `{"sites":[{"name":"www","state":"ready"}]}`)(w, r)
		default:
			answer(401, `{}`)(w, r)
		}
	}
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /healthz":                          answer(200, `{"status":"ok"}`),
		"GET /readyz":                           answer(200, `{"status":"ready","parts":[{"name":"ledger","state":"ok"}]}`),
		"GET /v1/sites":                         sites,
		"POST /v1/sites/www/releases/1/reports": answer(403, `{}`),
		"POST /hooks/":                          answer(404, `{}`),
		"POST /v1/github/webhooks":              answer(401, `{}`),
		"POST /v1/sites/probe.invalid/requests": answer(403, `{}`),
		"POST /v1/sites/www/requests":           answer(201, `{"id":"req-1","site":"www","standing":"waiting"}`),
		"GET /v1/requests/req-1":                answer(200, `{"id":"req-1","site":"www","standing":"live"}`),
	} {
		if b := broken[pattern]; b != nil {
			h = b
		}
		mux.HandleFunc(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func run(t *testing.T, url string, args ...string) (clitest.Outcome, probe.Document) {
	t.Helper()
	return runAs(t, token, url, args...)
}

func runAs(t *testing.T, who, url string, args ...string) (clitest.Outcome, probe.Document) {
	t.Helper()
	o := clitest.Run(t, clitest.Invocation{Args: append([]string{"probe", "--app", url, "--json"}, args...), Token: who})
	var d probe.Document
	if err := json.Unmarshal([]byte(o.Out), &d); err != nil {
		t.Fatalf("%v: %+v", err, o)
	}
	return o, d
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

func TestASoundAppPassesEveryCheck(t *testing.T) {
	o, d := run(t, sound(t, nil), "--release", "www")
	if o.Code != 0 || !d.OK || len(d.Checks) != 11 {
		t.Fatalf("ended with %d: %+v", o.Code, d)
	}
	for _, c := range d.Checks {
		if c.Result != "ok" {
			t.Errorf("%+v", c)
		}
	}
}

// Each check is seen to fail, by name, and no other with it.
func TestEachCheckFailsForWhatItLooksAt(t *testing.T) {
	stuck := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for _, c := range []struct {
		name, call, check string
		answer            http.HandlerFunc
		detail            string
		code              int
	}{
		{"unwell", "GET /healthz", "health", says(500, "no"), "answered 500", exit.Failed},
		{"another program", "GET /healthz", "health", says(200, "<html>"), "<html>", exit.Failed},
		{"hangs", "GET /healthz", "health", stuck, "", exit.Unreachable},
		{"not ready", "GET /readyz", "ready", says(503, "{}"), "503", exit.Failed},
		{"readiness hangs", "GET /readyz", "ready", stuck, "no whole answer within 300ms", exit.Failed},
		{"no sites", "sites", "site", says(200, `{"sites":[]}`), "sees no site", exit.Failed},
		{"another host is let in", "other-host", "other-host", says(200, `{"sites":[]}`), "answered 200", exit.Failed},
		{"nobody is let in", "no-token", "no-token", says(200, `{"sites":[]}`), "answered 200", exit.Failed},
		{"a sign-in before it", "no-token", "no-token", says(302, ""), "answered 302", exit.Failed},
		{"any token", "unknown-token", "unknown-token", says(200, `{"sites":[]}`), "answered 200", exit.Failed},
		{"any role", "POST /v1/sites/www/releases/1/reports", "wrong-role", says(422, ""), "answered 422", exit.Failed},
		{"any hook", "POST /hooks/", "forged-hook", says(202, ""), "answered 202", exit.Failed},
		{"unsigned webhooks", "POST /v1/github/webhooks", "forged-webhook", says(202, ""), "answered 202", exit.Failed},
		{"other sites' pages", "POST /v1/sites/probe.invalid/requests", "cross-site", says(401, ""), "answered 401", exit.Failed},
		{"no release", "POST /v1/sites/www/requests", "release", says(403, ""), "403", exit.Failed},
		{"a failed release", "GET /v1/requests/req-1", "release", says(200, `{"id":"req-1","site":"www","standing":"waiting","failed":[7]}`), "release #7 of www failed", exit.NotLive},
		{"a release for ever", "GET /v1/requests/req-1", "release", says(200, `{"id":"req-1","site":"www","standing":"waiting"}`), "not live within 100ms", exit.Timeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, d := run(t, sound(t, map[string]http.HandlerFunc{c.call: c.answer}), "--release", "www", "--release-timeout", "100ms", "--timeout", "300ms")
			var bad []string
			for _, r := range d.Checks {
				if r.Result == "failed" {
					bad = append(bad, r.Check)
					if !strings.Contains(r.Detail, c.detail) {
						t.Errorf("no %q in %q", c.detail, r.Detail)
					}
				}
			}
			if strings.Join(bad, " ") != c.check || o.Code != c.code || d.OK {
				t.Errorf("failed: %v, ended with %d, want %s and %d", bad, o.Code, c.check, c.code)
			}
		})
	}
}

func TestAWarningIsNoFailure(t *testing.T) {
	url := sound(t, map[string]http.HandlerFunc{"GET /readyz": says(200, `{"status":"ready","parts":[{"name":"runner","state":"warning","why":"1 of 2 is away"}]}`)})
	o := clitest.Run(t, clitest.Invocation{Args: []string{"probe", "--app", url, "--quiet"}, Token: token})
	if o.Code != 0 || o.Out != "warning  ready           runner: 1 of 2 is away\n" {
		t.Errorf("%+v", o)
	}
}

func TestWithoutATokenWhatNeedsOneIsSkipped(t *testing.T) {
	o := clitest.Run(t, clitest.Invocation{Args: []string{"probe", "--app", sound(t, map[string]http.HandlerFunc{
		"no-token": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"code":"unauthorized"}`)
		},
	})}})
	if o.Code != 0 || strings.Count(o.Out, "skipped") != 2 {
		t.Errorf("%+v", o)
	}
}

func TestMisuseAndAnAppThatIsAway(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"away":         {[]string{"--app", away.URL}, exit.Unreachable},
		"no address":   {[]string{"--app", "pressrun"}, exit.Usage},
		"no time":      {[]string{"--timeout", "0s"}, exit.Usage},
		"unknown flag": {[]string{"--relese", "www"}, exit.Usage},
		"unknown site": {[]string{"--app", sound(t, nil), "--site", "blog"}, exit.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			if o := clitest.Run(t, clitest.Invocation{Args: append([]string{"probe"}, c.args...), Token: token}); o.Code != c.code {
				t.Errorf("ended with %d, want %d: %+v", o.Code, c.code, o)
			}
		})
	}
}
