//go:build unix

package action_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/config/runenv"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/internal/runner/local"
	"github.com/pressrun/pressrun/test/eventually"
)

// TestMain lets the test binary be the program that the local runner starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && (os.Args[1] == "run-local" || os.Args[1] == "action") {
		os.Exit(programMain())
	}
	// A process under the race detector sleeps a second at its end by default.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func programMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Args[1] == "run-local" {
		if err := local.Supervise(ctx, os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	var p program
	parsed := kong.Parse(&p)
	parsed.BindTo(ctx, (*context.Context)(nil))
	err := parsed.Run(console.Streams{Out: os.Stdout, Err: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return failure.ExitCode(err)
}

// onThisMachine is an app whose site is released by the local runner.
type onThisMachine struct {
	*fakeApp
	*local.Runner
	source, dest string
	settings     config.Site
	ended        chan release.RunEnded
}

func newOnThisMachine(t *testing.T, build string) *onThisMachine {
	t.Helper()
	m := &onThisMachine{fakeApp: newFakeApp(t), source: t.TempDir(), dest: filepath.Join(t.TempDir(), "www"), ended: make(chan release.RunEnded, 1)}
	m.settings.Source.Folder = m.source
	m.settings.Build = config.Build{Command: build, Output: "public", Env: map[string]string{"ANALYTICS_ID": "UA-1"}, Environment: "production"}
	m.settings.Deploy.To = "file://" + m.dest
	r, err := local.New(local.Options{
		State: t.TempDir(), Poll: 20 * time.Millisecond, Grace: 4 * time.Second,
		Settings: func(site string) (local.Settings, bool) {
			return local.Settings{Folder: m.source, Secret: runenv.CDNSecret(m.settings), Secrets: runenv.Secrets(m.settings), Env: runenv.Of(m.settings)}, site == "www"
		},
		OnEvent: func(_ string, _ int64, e release.Event) { m.ended <- e.(release.RunEnded) },
	})
	if err != nil {
		t.Fatal(err)
	}
	m.Runner = r
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// release has the site's next release carried out.
func (m *onThisMachine) release(t *testing.T) release.Run {
	t.Helper()
	m.ask("A page was changed")
	m.mu.Lock()
	m.site.Policy.Quiet = 0
	m.mu.Unlock()
	m.must(release.Tick{Token: "the-token"})
	number := m.now().Current.Number
	run, err := m.Dispatch(t.Context(), runner.Job{Site: "www", Release: number, Token: "the-token", AppURL: m.URL, Bearer: runToken})
	if err != nil {
		t.Fatal(err)
	}
	m.must(release.DispatchConfirmed{Token: "the-token", Run: run})
	return run
}

func (m *onThisMachine) wait(t *testing.T) release.RunEnded {
	t.Helper()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the run's log:\n%s", m.log(t))
		}
	})
	return eventually.Receives(t, "the run's end", m.ended)
}

func (m *onThisMachine) log(t *testing.T) string {
	t.Helper()
	log, err := m.Log(context.WithoutCancel(t.Context()), "www", 1)
	if err != nil {
		return err.Error()
	}
	defer log.Close()
	text, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestLocalRunnerCarriesOutAWholeRelease(t *testing.T) {
	m := newOnThisMachine(t, goodBuild+`; echo "$ANALYTICS_ID $DEPLOY_ENV" > public/env.txt; env`)
	run := m.release(t)
	if e := m.wait(t); e.Conclusion != release.RunSucceeded || !e.Live || e.Run != run {
		t.Errorf("it ended as %+v\n%s", e, m.log(t))
	}
	if site := m.now(); site.State != release.Ready || site.Live.Number != 1 || site.Live.Run != run {
		t.Errorf("the site is %s, live %+v", site.State, site.Live)
	}
	if text, err := os.ReadFile(filepath.Join(m.dest, "env.txt")); err != nil || string(text) != "UA-1 production\n" {
		t.Errorf("the build saw %q (%v)", text, err)
	}
	log := m.log(t)
	for _, secret := range []string{runToken, "session-0", "the-token"} {
		if strings.Contains(log, secret) {
			t.Errorf("its log, the build's environment included, has %q", secret)
		}
	}
}

func TestLocalRunnerCancelsAReleaseThatTheOperatorCancelled(t *testing.T) {
	m := newOnThisMachine(t, `echo $$ > pid; trap '' TERM; while :; do sleep 0.1; done`)
	run := m.release(t)
	eventually.Holds(t, "the build", func() bool { return written(filepath.Join(m.source, "pid")) })
	m.must(release.CancelRelease{Act: release.Act{By: "ada", Why: "a typo"}})
	if err := m.Cancel(t.Context(), "www", 1, run); err != nil {
		t.Fatal(err)
	}
	e := m.wait(t)
	if e.Conclusion != release.RunCancelled || e.Live {
		t.Errorf("it ended as %+v", e)
	}
	m.must(e)
	if site := m.now(); site.Last.Outcome != release.Cancelled || site.Last.By != "ada" {
		t.Errorf("the release ended as %+v", site.Last)
	}
	wantGone(t, filepath.Join(m.source, "pid"))
}

func TestLocalRunnerTellsThatASiteIsLiveWhenTheRunCouldNot(t *testing.T) {
	m := newOnThisMachine(t, goodBuild)
	m.fault = func(kind string, n int) fault {
		if kind == "report" && n >= 2 {
			return unavailable
		}
		return fine
	}
	m.settings.Build.Env["X"] = "1"
	m.release(t)
	// The run would try for long to say that it is complete: it is killed.
	eventually.Holds(t, "the site", func() bool { return exists(filepath.Join(m.dest, "index.html")) })
	eventually.Holds(t, "the third report", func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		return m.count["report"] > 2
	})
	if err := m.Cancel(t.Context(), "www", 1, m.now().Current.Run); err != nil {
		t.Fatal(err)
	}
	e := m.wait(t)
	if !e.Live {
		t.Errorf("it ended as %+v\n%s", e, m.log(t))
	}
	m.must(e)
	if site := m.now(); site.Live.Number != 1 || site.Live.Outcome != release.Succeeded {
		t.Errorf("live is %+v", site.Live)
	}
}

func TestLocalRunnerTellsWhyABuildFailed(t *testing.T) {
	m := newOnThisMachine(t, `echo "ERROR: no such layout"; exit 1`)
	m.release(t)
	if e := m.wait(t); e.Conclusion != release.RunFailed || !strings.Contains(e.Why, "no such layout") {
		t.Errorf("it ended as %+v", e)
	}
	if last := m.now().Last; last.Outcome != release.Failed || last.Fault != release.FaultBuild || !strings.Contains(last.Why, "no such layout") {
		t.Errorf("the release ended as %+v", last)
	}
}
