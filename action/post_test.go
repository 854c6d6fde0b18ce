//go:build unix

package action_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/release"
)

// folder serves a folder as the public address does.
func folder(t *testing.T, root string) string {
	t.Helper()
	s := httptest.NewServer(http.FileServer(http.Dir(root)))
	t.Cleanup(s.Close)
	return s.URL
}

// away makes the app unreachable for calls of a kind until it is set to false.
func away(app *fakeApp, kinds ...string) *atomic.Bool {
	var is atomic.Bool
	is.Store(true)
	app.fault = func(kind string, _ int) fault {
		for _, k := range kinds {
			if k == kind && is.Load() {
				return unavailable
			}
		}
		return fine
	}
	return &is
}

func TestPostReportsWhatMainCouldNot(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	b.wantExit(b.run("claim"), failure.ExitOK)
	b.wantExit(b.run("in_progress"), failure.ExitOK)
	b.wantExit(b.run("post"), failure.ExitOK) // the job ended here
	if f := app.seen("failure"); len(f) != 1 || f[0].Fault != release.FaultPlatform {
		t.Errorf("reported %+v", f)
	}
	b.wantExit(b.run("post"), failure.ExitOK)
	if f := app.seen("failure"); len(f) != 1 {
		t.Errorf("reported again: %+v", f)
	}
}

func TestAFailureIsToldToAnAppThatIsAwayForAWhile(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	b := newBench(t, "echo no template for it; exit 65").with(app)
	app.fault = func(kind string, n int) fault {
		if kind == "failure" && n < 5 { // a call is three tries
			return unavailable
		}
		return fine
	}
	b.wantExit(b.run("all"), failure.ExitFailed)
	f := app.seen("failure")
	if len(f) != 1 || f[0].Fault != release.FaultContent || !strings.Contains(f[0].Why, "no template for it") {
		t.Errorf("reported %+v\n%s", f, b.err)
	}
}

func TestPostTellsTheFailureThatMainCouldNot(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	b := newBench(t, "echo no template for it; exit 65").with(app)
	b.opts.LiveLimit = 100 * time.Millisecond
	gone := away(app, "failure", "metrics")
	b.wantExit(b.run("all"), failure.ExitFailed)
	gone.Store(false)
	b.wantExit(b.run("post"), failure.ExitOK)
	f := app.seen("failure")
	if len(f) != 1 || f[0].Fault != release.FaultContent || !strings.Contains(f[0].Why, "no template for it") {
		t.Fatalf("reported %+v\n%s", f, b.err)
	}
	b.wantExit(b.run("post"), failure.ExitOK)
	if f := app.seen("failure"); len(f) != 1 {
		t.Errorf("reported again: %+v", f)
	}
}

func TestPostTellsOfACancelledRunThatCouldNot(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	b := newBench(t, "echo begun > begun; sleep 300").with(app)
	gone := away(app, "failure")
	ctx, cancel := context.WithCancel(t.Context())
	b.wantExit(b.meanwhile(ctx, "all", "begun", cancel), failure.ExitCancelled)
	gone.Store(false)
	b.wantExit(b.run("post"), failure.ExitOK)
	if f := app.seen("failure"); len(f) != 1 || f[0].Why != "the run was cancelled" {
		t.Errorf("reported %+v", f)
	}
}

// What is live is a success, however the job went on from there.
func TestPostTellsOfAReleaseThatIsLive(t *testing.T) {
	for name, address := range map[string]func(*bench) string{
		"by the destination's word": func(*bench) string { return "" },
		"by the public address":     func(b *bench) string { return folder(b.t, b.dest) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newFakeApp(t)
			b := newBench(t, goodBuild).with(app)
			b.opts.PublicURL = address(b)
			for _, step := range []string{"claim", "in_progress", "build", "deploy", "post"} {
				b.wantExit(b.run(step), failure.ExitOK)
			}
			if site := app.now(); site.State != release.Complete || len(app.seen("failure")) != 0 {
				t.Errorf("the site is %s, reported %+v\n%s", site.State, app.seen("failure"), b.err)
			}
			if s := b.state(); !s.Live || s.Outcome != state.OutcomeLive {
				t.Errorf("the state is %+v", s)
			}
		})
	}
}

func TestPostSaysOfADeployThatWasNotSeenWhatIsTrue(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	b.opts.PublicURL = folder(t, t.TempDir())
	for _, step := range []string{"claim", "in_progress", "build", "deploy", "post"} {
		b.wantExit(b.run(step), failure.ExitOK)
	}
	f := app.seen("failure")
	if len(f) != 1 || !strings.Contains(f[0].Why, "was deployed") || !strings.Contains(f[0].Why, b.opts.PublicURL) {
		t.Errorf("reported %+v", f)
	}
}

func TestPostLeavesTheReleaseOfAnotherRunAlone(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	b.wantExit(b.run("claim"), failure.ExitOK)
	before, err := os.ReadFile(b.opts.StateFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, other := range map[string]func(*bench){
		"another run":     func(b *bench) { b.opts.RunID = "run-2" },
		"another attempt": func(b *bench) { b.opts.RunAttempt = 2 },
		"another site":    func(b *bench) { b.opts.Site = "www-staging" },
	} {
		c := *b
		if err := os.WriteFile(b.opts.StateFile, before, 0o600); err != nil {
			t.Fatal(err)
		}
		other(&c)
		c.wantExit(c.run("post"), failure.ExitOK)
		if f := app.seen("failure"); len(f) != 0 {
			t.Errorf("%s: reported %+v", name, f)
		}
	}
}

func TestPostThatCannotTellEitherEndsAndKeepsTheReason(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	b := newBench(t, "echo no template for it; exit 65").with(app)
	b.opts.LiveLimit = 100 * time.Millisecond
	away(app, "failure", "metrics")
	b.inWorkflow()
	b.wantExit(b.run("all"), failure.ExitFailed)
	b.opts.LiveLimit = 100 * time.Millisecond
	b.wantExit(b.runIn(briefly(t), "post"), failure.ExitOK)
	if s := b.state(); !s.Untold || !strings.Contains(s.Why, "no template for it") {
		t.Errorf("the state is %+v", s)
	}
	if !strings.Contains(b.out.String(), "::warning::the app could not be told how the run ended") {
		t.Errorf("nothing is said of it:\n%s", b.out)
	}
}

// briefly is the time that post has when nobody answers it.
func briefly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// Jobs of one run may be on different machines: each claims the run's release
// again, and goes on where the one before it ended.
func TestARunMayBeSeveralJobs(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	first := newBench(t, goodBuild).with(app)
	for _, step := range []string{"claim", "starting", "in_progress", "build", "check"} {
		first.wantExit(first.run(step), failure.ExitOK)
	}
	second := newBench(t, "").at(app)
	second.opts.Release, second.opts.DispatchToken = first.opts.Release, first.opts.DispatchToken
	second.opts.Output = filepath.Join(first.dir, first.opts.Output) // as an artifact
	for _, step := range []string{"claim", "deploy", "verify", "complete", "metrics", "ready"} {
		second.wantExit(second.run(step), failure.ExitOK)
	}
	if site := app.now(); site.State != release.Ready || site.Live.Number != 1 || second.live("index.html") == "" {
		t.Errorf("the site is %s, live %+v", site.State, site.Live)
	}
}

// A later job may be given another release than the one that was built for: what
// was built is older than that one's requests.
func TestWhatWasBuiltForAnotherReleaseIsNotDeployed(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	app.ask("A page was changed")
	first := newBench(t, goodBuild).at(app)
	for _, step := range []string{"claim", "in_progress", "build"} {
		first.wantExit(first.run(step), failure.ExitOK)
	}
	app.must(release.ResetSite{Act: release.Act{By: "ada", Why: "it is stuck"}})
	app.must(release.RequestAccepted{Source: release.FromEditor})
	second := newBench(t, "").at(app)
	second.opts.Output = filepath.Join(first.dir, first.opts.Output)
	second.wantExit(second.run("claim"), failure.ExitOK)
	second.wantExit(second.run("deploy"), failure.ExitFailed)
	if second.live("index.html") != "" {
		t.Error("it was deployed")
	}
	if f := app.seen("failure"); len(f) != 1 || !strings.Contains(f[0].Why, "in-progress") {
		t.Errorf("reported %+v", f)
	}
}

func TestALaterJobThatIsCancelledAfterItsDeployTellsThatTheSiteIsLive(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	first := newBench(t, goodBuild).with(app)
	for _, step := range []string{"claim", "in_progress", "build"} {
		first.wantExit(first.run(step), failure.ExitOK)
	}
	second := newBench(t, "").at(app)
	second.opts.Release, second.opts.DispatchToken = first.opts.Release, first.opts.DispatchToken
	second.opts.Output = filepath.Join(first.dir, first.opts.Output)
	for _, step := range []string{"claim", "deploy", "post"} {
		second.wantExit(second.run(step), failure.ExitOK)
	}
	if site := app.now(); site.State != release.Complete {
		t.Errorf("the site is %s, reported %+v", site.State, app.seen("failure"))
	}
}

// Post of a job that went well has nothing to say: another job may go on.
func TestPostIsForJobsThatDidNotGoWell(t *testing.T) {
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Runs struct {
			Post   string `yaml:"post"`
			PostIf string `yaml:"post-if"`
		} `yaml:"runs"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil || file.Runs.Post == "" {
		t.Fatalf("action.yml: %v, %+v", err, file)
	}
	if want := "failure() || cancelled()"; file.Runs.PostIf != want {
		t.Errorf("post runs if %q, not %q", file.Runs.PostIf, want)
	}
}
