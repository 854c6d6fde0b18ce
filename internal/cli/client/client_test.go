package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/config"
)

// asUsual gives a command an app and its token.
func asUsual(t *testing.T) *fakeApp {
	t.Helper()
	f := newFakeApp(t, www())
	t.Setenv("PRESSRUN_URL", f.url)
	return f
}

func TestBackupIsWholeOrNotThere(t *testing.T) {
	asUsual(t)
	file := filepath.Join(t.TempDir(), "copy.db")
	o := invoke(t, invocation{args: []string{"backup", file}, token: fakeToken})
	text, err := os.ReadFile(file)
	if o.code != 0 || err != nil || !strings.HasPrefix(string(text), "SQLite format 3") {
		t.Fatalf("got %+v, %q, %v", o, text, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a backup is for its owner only: %v %v", info.Mode(), err)
	}
	if o := invoke(t, invocation{args: []string{"backup", file}, token: fakeToken}); o.code != exitUsage || !strings.Contains(o.err, "--force") {
		t.Errorf("a second backup to the same file: %+v", o)
	}
	if o := invoke(t, invocation{args: []string{"backup", file, "--force", "--json"}, token: fakeToken}); o.code != 0 || !strings.Contains(o.out, `"bytes": 512`) {
		t.Errorf("with --force: %+v", o)
	}
	left, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(left) != 1 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func TestABackupThatBreaksOffLeavesNothing(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000000")
		fmt.Fprint(w, "SQLite format 3")
	}))
	defer srv.Close()
	folder := t.TempDir()
	o := invoke(t, invocation{args: []string{"backup", filepath.Join(folder, "copy.db"), "--app", srv.URL}, token: fakeToken})
	left, err := os.ReadDir(folder)
	if o.code == 0 || err != nil || len(left) != 0 {
		t.Errorf("got %+v, left behind: %v %v", o, left, err)
	}
}

func TestTheTokenComesFromAFileOrTheEnvironmentOnly(t *testing.T) {
	f := asUsual(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(fakeToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := invoke(t, invocation{args: []string{"status", "--token-file", file}, token: "wrong"}); o.code != 0 {
		t.Errorf("a file goes before the environment: %+v", o)
	}
	if o := invoke(t, invocation{args: []string{"status", "--token", fakeToken}}); o.code != exitUsage {
		t.Errorf("arguments are seen by everybody: %+v", o)
	}
	withPassword := strings.Replace(f.url, "http://", "http://ada:"+fakeToken+"@", 1)
	if o := invoke(t, invocation{args: []string{"status", "--app", withPassword}}); o.code != exitUsage || strings.Contains(o.err, fakeToken) {
		t.Errorf("nor does it stand in addresses: %+v", o)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := invoke(t, invocation{args: []string{"status", "--token-file", file}, token: fakeToken}); o.code != exitUsage {
		t.Errorf("an empty file is no token: %+v", o)
	}
}

func TestAnAppThatIsNotThereIsToldAtOnce(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	started := time.Now()
	for _, args := range [][]string{{"status"}, {"request", "--site", "www"}, {"events", "--follow"}, {"health"}, {"backup", filepath.Join(t.TempDir(), "x")}} {
		o := invoke(t, invocation{args: append(args, "--app", srv.URL), token: fakeToken})
		if o.code != exitUnreachable || o.out != "" {
			t.Errorf("%v: %+v", args, o)
		}
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestANewTokenIsGoodForTheConfiguration(t *testing.T) {
	o := invoke(t, invocation{args: []string{"token", "new", "ada@example.gov", "--role", "cms", "--site", "www"}})
	secret := strings.Fields(o.out)[5]
	if !strings.HasPrefix(secret, "prt_") || strings.Count(o.out, secret) != 1 {
		t.Fatalf("the token stands there once: %q", o.out)
	}
	_, lines, _ := strings.Cut(o.out, "under tokens:\n\n")
	c, err := config.Parse("p", "/", []byte("tokens:\n"+lines+"sites: {www: {runner: local, source: {folder: a}, build: {output: b}, deploy: {to: c}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(secret))
	if got := c.Tokens[0]; got.SHA256 != hex.EncodeToString(sum[:]) || got.Name != "ada@example.gov" || got.Role != "cms" || got.Sites[0] != "www" {
		t.Errorf("got %+v", got)
	}
	var d tokenDocument
	o = invoke(t, invocation{args: []string{"token", "new", "ada", "--role", "run", "--json"}})
	if err := json.Unmarshal([]byte(o.out), &d); err != nil || d.Token == secret || hashToken(d.Token) != d.SHA256 {
		t.Errorf("got %+v, %v", d, err)
	}
}

func TestHealth(t *testing.T) {
	f := asUsual(t)
	folder := t.TempDir()
	good, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "pressrun.yaml")
	listen := strings.TrimPrefix(f.url, "http://")
	if err := os.WriteFile(file, append([]byte("listen: "+listen+"\n"), good...), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	if o := invoke(t, invocation{args: []string{"health"}}); o.code != 0 || !strings.Contains(o.out, "is well") {
		t.Errorf("the address of the configuration: %+v", o)
	}
	sick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the disk is full\x1b[31m", http.StatusServiceUnavailable)
	}))
	defer sick.Close()
	o := invoke(t, invocation{args: []string{"health", "--app", sick.URL, "--json"}})
	if o.code != exitUnreachable || !strings.Contains(o.out, `"healthy": false`) || !strings.Contains(o.err, "the disk is full") || strings.Contains(o.err, "\x1b") {
		t.Errorf("a sick server: %+v", o)
	}
}

func TestProgressIsForTerminalsOnly(t *testing.T) {
	asUsual(t)
	if o := invoke(t, invocation{args: []string{"request", "--wait"}, token: fakeToken, progress: true}); !strings.Contains(o.err, eraseLine) || strings.Contains(o.out, "\x1b") {
		t.Errorf("on a terminal: %+v", o)
	}
	t.Setenv("NO_COLOR", "1")
	if term := newTerminal(); term.progress || term.screen {
		t.Error("NO_COLOR asks for plain text")
	}
}

func TestWatchShowsChangesUntilInterrupted(t *testing.T) {
	f := asUsual(t)
	t.Setenv("PRESSRUN_TOKEN", fakeToken)
	for _, screen := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
		var out, errs bytes.Buffer
		code := run(ctx, []string{"status", "--watch", "--interval", "100ms"}, &terminal{out: &out, err: &errs, screen: screen, now: time.Now, local: time.UTC})
		cancel()
		if n := strings.Count(out.String(), "Release #129 is in progress."); n != 1 {
			t.Errorf("told %d times, though nothing changed (exit %d, %s)", n, code, errs.String())
		}
		if got := strings.Contains(out.String(), clearScreen); got != screen {
			t.Errorf("screen %v: cleared %v", screen, got)
		}
	}
	_ = f
}

func TestAnInterruptionIsNoError(t *testing.T) {
	asUsual(t)
	t.Setenv("PRESSRUN_TOKEN", fakeToken)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	var out, errs bytes.Buffer
	code := run(ctx, []string{"status", "--watch"}, &terminal{out: &out, err: &errs, now: time.Now, local: time.UTC})
	if code != exitInterrupted || errs.String() != "" {
		t.Errorf("ended with %d: %s", code, errs.String())
	}
}

func TestInstantsOfTheCommandLine(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{ // noon is 12:00 in New York
		"2026-12-24T18:00:00+01:00": "2026-12-24T17:00:00Z",
		"2026-12-24 18:00":          "2026-12-24T23:00:00Z",
		"2026-12-24T18:00":          "2026-12-24T23:00:00Z",
		"16:00":                     "2026-11-21T21:00:00Z",
		"12:00":                     "2026-11-22T17:00:00Z",
		"2h":                        "2026-11-21T19:00:00Z",
		"+90m":                      "2026-11-21T18:30:00Z",
		"-2h":                       "", "0s": "", "tomorrow": "", "24:00": "", "2026-02-30 10:00": "", "": "",
	} {
		got := ""
		if at, err := parseInstant(text, noon, zone); err == nil {
			got = at.UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is %q, expected %q", text, got, want)
		}
	}
}
