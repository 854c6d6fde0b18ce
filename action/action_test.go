//go:build unix

package action_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/action"
	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/steps"
	"github.com/pressrun/pressrun/action/summary"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// bench is a place to run in: a frontend's folder, a destination, a state file.
type bench struct {
	t    *testing.T
	dir  string
	dest string
	opts options.Options
	// out and err are what the run wrote.
	out, err *words
}

type words struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

const goodBuild = `mkdir -p public && echo "<h1>hello</h1>" > public/index.html`

func newBench(t *testing.T, build string) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), dest: filepath.Join(t.TempDir(), "www"), out: &words{}, err: &words{}}
	b.opts.Site, b.opts.Dir = "www", b.dir
	b.opts.StateFile = filepath.Join(t.TempDir(), "run.json")
	b.opts.RunID, b.opts.RunAttempt = "run-1", 1
	b.opts.Heartbeat = 50 * time.Millisecond
	b.opts.AppLimit, b.opts.LiveLimit = 20*time.Second, 20*time.Second
	b.opts.TurnLimit, b.opts.TurnInterval, b.opts.WhenFrozen = 10*time.Second, 20*time.Millisecond, "wait"
	b.opts.ReadyInterval, b.opts.ReadyLimit = 20*time.Millisecond, 5*time.Second
	b.opts.Build, b.opts.BuildTimeout, b.opts.Output = build, time.Minute, "public"
	b.opts.To = "file://" + b.dest
	b.opts.VerifyInterval, b.opts.VerifyLimit = 20*time.Millisecond, 5*time.Second
	b.opts.Environ = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir()}
	return b
}

// with gives the bench an app whose release it is to carry out.
func (b *bench) with(a *fakeApp) *bench {
	b.t.Helper()
	b.opts.Release, b.opts.DispatchToken = a.dispatched("run-1")
	return b.at(a)
}

func (b *bench) at(a *fakeApp) *bench {
	b.opts.URL, b.opts.Token = a.URL, runToken
	return b
}

func (b *bench) run(step string) error {
	b.t.Helper()
	// Builds of the tests, and tries of an hour, go on for longer: a run that waits
	// for them ends as one that was cancelled.
	ctx, cancel := context.WithTimeout(b.t.Context(), eventually.Patience)
	defer cancel()
	return b.runIn(ctx, step)
}

// meanwhile runs a step to its end, and does something once its build has written
// into a file.
func (b *bench) meanwhile(ctx context.Context, step, file string, do func()) error {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(ctx, eventually.Patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- b.runIn(ctx, step) }()
	eventually.Holds(b.t, "the build", func() bool { return written(filepath.Join(b.dir, file)) })
	do()
	return eventually.Receives(b.t, "the run's end", ended)
}

func (b *bench) runIn(ctx context.Context, step string) error {
	return action.Run(ctx, step, b.opts, console.Streams{Out: b.out, Err: b.err})
}

func (b *bench) wantExit(err error, code int) {
	b.t.Helper()
	if got := failure.ExitCode(err); got != code {
		b.t.Fatalf("exit code %d, not %d: %v\n%s%s", got, code, err, b.err, b.out)
	}
}

func (b *bench) state() state.State {
	b.t.Helper()
	s, err := state.Read(b.opts.StateFile)
	if err != nil {
		b.t.Fatal(err)
	}
	return s
}

// live is a page as the destination shows it; "" when it does not.
func (b *bench) live(page string) string {
	text, err := os.ReadFile(filepath.Join(b.dest, page))
	if err != nil {
		return ""
	}
	return string(text)
}

func TestWholeRunBringsAReleaseFromDispatchedToReady(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, `cat "$PRESSRUN_REQUESTS_FILE" > seen.json && echo "release $PRESSRUN_RELEASE of $PRESSRUN_SITE to $DEPLOY_ENV" > seen.txt && `+goodBuild).with(app)
	b.opts.Environment = "staging"
	b.wantExit(b.run("all"), failure.ExitOK)

	site := app.now()
	if site.State != release.Ready || site.Live.Number != 1 || site.Live.Outcome != release.Succeeded || site.Served != 1 {
		t.Errorf("the site is %s, live %+v", site.State, site.Live)
	}
	want := []release.State{release.Starting, release.InProgress, release.Complete, release.Ready}
	if diff := cmp.Diff(want, app.reported()); diff != "" {
		t.Errorf("reported (-want +got)\n%s", diff)
	}
	if got := b.live("index.html"); got != "<h1>hello</h1>\n" {
		t.Errorf("the page is %q", got)
	}
	var requests steps.Requests
	text, err := os.ReadFile(filepath.Join(b.dir, "seen.json"))
	if err != nil || json.Unmarshal(text, &requests) != nil {
		t.Fatalf("the build's requests: %v\n%s", err, text)
	}
	if requests.Total != 1 || requests.Requests[0].Title != "A page was changed" || requests.Watermark == nil || requests.Release != 1 {
		t.Errorf("the build saw the requests %+v", requests)
	}
	if text, _ := os.ReadFile(filepath.Join(b.dir, "seen.txt")); string(text) != "release 1 of www to staging\n" {
		t.Errorf("the build saw %q", text)
	}
	m := app.metrics
	if m == nil || m.Pages != 1 || m.Uploaded != 1 || len(m.Steps) < 9 || m.Changed[0] != "index.html" {
		t.Errorf("the app was given the metrics %+v", m)
	}
	if s := b.state(); !s.Live || s.Outcome != state.OutcomeLive || len(s.Pending) != 0 {
		t.Errorf("the state is %+v", s)
	}
	if info, err := os.Stat(b.opts.StateFile); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state file: %v, %v", info.Mode(), err)
	}
}

func TestEachStepRunsAloneAndTheyTellEachOther(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	for _, step := range steps.Names() {
		b.wantExit(b.run(step), failure.ExitOK)
	}
	if site := app.now(); site.State != release.Ready || site.Live.Number != 1 {
		t.Errorf("the site is %s, live %+v", site.State, site.Live)
	}
	if s := b.state(); len(s.Steps) != len(steps.Names()) || s.Outcome != state.OutcomeLive {
		t.Errorf("the state is %+v", s)
	}
	b.wantExit(b.run("post"), failure.ExitOK)
	if failures := app.seen("failure"); len(failures) != 0 {
		t.Errorf("the end of a good job reported %+v", failures)
	}
}

func TestWithoutAnAppARunWorksByItself(t *testing.T) {
	b := newBench(t, goodBuild)
	b.wantExit(b.run("all"), failure.ExitOK)
	if got := b.live("index.html"); got != "<h1>hello</h1>\n" {
		t.Errorf("the page is %q", got)
	}
	for _, step := range []string{"build", "check", "deploy"} {
		b := newBench(t, goodBuild)
		if step != "build" {
			b.wantExit(b.run("build"), failure.ExitOK)
		}
		b.wantExit(b.run(step), failure.ExitOK)
	}
}

func TestUsageErrorsChangeNothing(t *testing.T) {
	app := newFakeApp(t)
	for name, change := range map[string]func(*bench) string{
		"unknown step":            func(*bench) string { return "publish" },
		"missing folder":          func(b *bench) string { b.opts.Dir = "/no/such/folder"; return "all" },
		"app without a site":      func(b *bench) string { b.opts.Site = ""; return "all" },
		"app is no URL":           func(b *bench) string { b.opts.URL = "pressrun"; return "all" },
		"release without a token": func(b *bench) string { b.opts.Release = 3; return "all" },
		"public address is none":  func(b *bench) string { b.opts.PublicURL = "www.example.gov"; return "all" },
		"share beyond 1":          func(b *bench) string { v := 1.5; b.opts.MaxVanished = &v; return "all" },
		"variable of ours":        func(b *bench) string { b.opts.BuildEnv = "PRESSRUN_TOKEN=x"; return "all" },
		"line that is none":       func(b *bench) string { b.opts.BuildEnv = "A=1\nnonsense"; return "all" },
		"report without a claim":  func(*bench) string { return "in_progress" },
		"deploy without a claim":  func(b *bench) string { return "deploy" },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, goodBuild).at(app)
			if err := os.MkdirAll(filepath.Join(b.dir, "public"), 0o700); err != nil {
				t.Fatal(err)
			}
			err := b.run(change(b))
			b.wantExit(err, failure.ExitUsage)
			if b.live("index.html") != "" {
				t.Error("something was deployed")
			}
		})
	}
	if site := app.now(); site.State != release.Ready || len(app.seen("claim")) != 0 {
		t.Errorf("the site is %s", site.State)
	}
}

func TestResultAsJSON(t *testing.T) {
	b := newBench(t, "echo chatter; "+goodBuild)
	b.opts.JSON = true
	b.wantExit(b.run("all"), failure.ExitOK)
	var got summary.Summary
	if err := json.Unmarshal([]byte(b.out.String()), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.out)
	}
	if got.Outcome != state.OutcomeLive || !got.Live || got.Release != 1 || got.Metrics.Pages != 1 {
		t.Errorf("the result is %+v", got)
	}
	if !strings.Contains(b.err.String(), "chatter") {
		t.Error("the build's output is nowhere")
	}
}
