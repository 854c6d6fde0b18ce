package client_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
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
	o := clitest.Run(t, clitest.Invocation{Args: []string{"backup", file}, Token: fakeToken})
	text, err := os.ReadFile(file)
	if o.Code != 0 || err != nil || !strings.HasPrefix(string(text), "SQLite format 3") {
		t.Fatalf("got %+v, %q, %v", o, text, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a backup is for its owner only: %v %v", info.Mode(), err)
	}
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"backup", file}, Token: fakeToken}); o.Code != exit.Usage || !strings.Contains(o.Err, "--force") {
		t.Errorf("a second backup to the same file: %+v", o)
	}
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"backup", file, "--force", "--json"}, Token: fakeToken}); o.Code != 0 || !strings.Contains(o.Out, `"bytes": 512`) {
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
	o := clitest.Run(t, clitest.Invocation{Args: []string{"backup", filepath.Join(folder, "copy.db"), "--app", srv.URL}, Token: fakeToken})
	left, err := os.ReadDir(folder)
	if o.Code == 0 || err != nil || len(left) != 0 {
		t.Errorf("got %+v, left behind: %v %v", o, left, err)
	}
}

func TestTheTokenComesFromAFileOrTheEnvironmentOnly(t *testing.T) {
	f := asUsual(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(fakeToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"status", "--token-file", file}, Token: "wrong"}); o.Code != 0 {
		t.Errorf("a file goes before the environment: %+v", o)
	}
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"status", "--token", fakeToken}}); o.Code != exit.Usage {
		t.Errorf("arguments are seen by everybody: %+v", o)
	}
	withPassword := strings.Replace(f.url, "http://", "http://ada:"+fakeToken+"@", 1)
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"status", "--app", withPassword}}); o.Code != exit.Usage || strings.Contains(o.Err, fakeToken) {
		t.Errorf("nor does it stand in addresses: %+v", o)
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"status", "--token-file", file}, Token: fakeToken}); o.Code != exit.Usage {
		t.Errorf("an empty file is no token: %+v", o)
	}
}

func TestAnAppThatIsNotThereIsToldAtOnce(t *testing.T) {
	away := httptest.NewServer(http.NotFoundHandler())
	away.Close()
	var tries atomic.Int64
	broken := httptest.NewUnstartedServer(http.NotFoundHandler())
	broken.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			tries.Add(1)
			_ = c.Close() // whoever asks gets no answer
		}
	}
	broken.Start()
	defer broken.Close()
	for _, args := range [][]string{{"status"}, {"request", "--site", "www"}, {"events", "--follow"}, {"health"}, {"backup", filepath.Join(t.TempDir(), "x")}} {
		for _, address := range []string{away.URL, broken.URL} {
			tries.Store(0)
			o := clitest.Run(t, clitest.Invocation{Args: append(args, "--app", address), Token: fakeToken})
			if o.Code != exit.Unreachable || o.Out != "" || tries.Load() > 2 { // a person is waiting
				t.Errorf("%v after %d tries: %+v", args, tries.Load(), o)
			}
		}
	}
}

func TestProgressIsForTerminalsOnly(t *testing.T) {
	asUsual(t)
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"request", "--wait"}, Token: fakeToken, Progress: true}); !strings.Contains(o.Err, terminal.EraseLine) || strings.Contains(o.Out, "\x1b") {
		t.Errorf("on a terminal: %+v", o)
	}
}

// watched counts how often the sites are listed, and ends the context at last.
func watched(t *testing.T, f *fakeApp, last int64) context.Context {
	t.Helper()
	t.Setenv("PRESSRUN_TOKEN", fakeToken)
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	var looks atomic.Int64
	f.listed = func() {
		if looks.Add(1) == last {
			cancel()
		}
	}
	return ctx
}

func TestWatchShowsChangesUntilInterrupted(t *testing.T) {
	f := asUsual(t)
	for _, screen := range []bool{false, true} {
		ctx := watched(t, f, 4)
		var out, errs bytes.Buffer
		code := cli.Run(ctx, []string{"status", "--watch", "--interval", "100ms"}, &terminal.Terminal{Out: &out, Err: &errs, Screen: screen, Now: time.Now, Local: time.UTC})
		n := strings.Count(out.String(), "Release #129 is in progress.")
		if !screen && n != 1 || n < 1 {
			t.Errorf("told %d times, though nothing changed (exit %d, %s)", n, code, errs.String())
		}
		if got := strings.HasSuffix(out.String(), "\x1b[?1049l"); got != screen {
			t.Errorf("screen %v: given back %v", screen, got)
		}
	}
}

func TestAnInterruptionIsNoError(t *testing.T) {
	ctx := watched(t, asUsual(t), 1)
	var out, errs bytes.Buffer
	code := cli.Run(ctx, []string{"status", "--watch"}, &terminal.Terminal{Out: &out, Err: &errs, Now: time.Now, Local: time.UTC})
	if code != exit.Interrupted || errs.String() != "" {
		t.Errorf("ended with %d: %s", code, errs.String())
	}
}
