//go:build unix

package action_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

func TestLostCallsAreMadeAgainAndCountOnce(t *testing.T) {
	for _, f := range []fault{lostAnswer, lostRequest, unavailable, forgotten} {
		for _, kind := range []string{"claim", "report", "heartbeat", "metrics"} {
			if kind == "claim" && f == forgotten {
				continue // there is none before
			}
			t.Run(fmt.Sprint(kind, ": ", f), func(t *testing.T) {
				t.Parallel()
				app := newFakeApp(t)
				app.fault = func(k string, n int) fault {
					if k == kind && n%3 == 0 {
						return f
					}
					return fine
				}
				b := newBench(t, goodBuild).with(app)
				b.wantExit(b.run("all"), failure.ExitOK)
				if site := app.now(); site.State != release.Ready || site.Live.Number != 1 {
					t.Errorf("the site is %s, live %+v\n%s", site.State, site.Live, b.err)
				}
			})
		}
	}
}

// An app that came back without its key knows no run's session any more. A run
// that then fell silent for the length of its build would be given up.
func TestASessionThatTheAppForgotIsRenewedByTheNextCall(t *testing.T) {
	for kind, build := range map[string]string{"heartbeat": "touch began; while [ ! -e go ]; do sleep 0.02; done; " + goodBuild, "failure": "exit 1", "metrics": goodBuild} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			app := newFakeApp(t)
			b := newBench(t, build).with(app)
			b.opts.BuildTimeout = 10 * time.Second
			var forgot atomic.Bool
			app.fault = func(k string, _ int) fault {
				if _, err := os.Stat(filepath.Join(b.dir, "began")); k == kind && (err == nil || kind != "heartbeat") && forgot.CompareAndSwap(false, true) {
					return forgotten
				}
				return fine
			}
			app.after = func(k string) {
				if k != "heartbeat" || !forgot.Load() {
					return
				}
				if err := os.WriteFile(filepath.Join(b.dir, "go"), nil, 0o600); err != nil {
					t.Error(err)
				}
			}
			want := failure.ExitOK
			if kind == "failure" {
				want = failure.ExitFailed
			}
			b.wantExit(b.run("all"), want)
			if !forgot.Load() || len(app.seen(kind)) == 0 {
				t.Errorf("the app was told of no %s\n%s", kind, b.err)
			}
		})
	}
}

// A run that could not be reached for long learns at its next heartbeat that its
// release is over, though the credential for it is over too.
func TestARunWhoseReleaseIsLongOverEnds(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	b := newBench(t, "touch began; sleep 300").with(app)
	var over atomic.Bool
	app.fault = func(kind string, _ int) fault {
		_, err := os.Stat(filepath.Join(b.dir, "began"))
		if kind != "heartbeat" || err != nil || !over.CompareAndSwap(false, true) {
			return fine
		}
		if err := app.step(release.ResetSite{Act: release.Act{By: "olga", Why: "it is stuck"}}); err != nil {
			t.Error(err)
		}
		return forgotten
	}
	b.wantExit(b.run("all"), failure.ExitTakenAway)
}

// A run that started itself has no token of its release: asking for a new session
// it is given whatever waits by then, which it must not keep from others.
func TestARunGivesBackAReleaseThatItDidNotMean(t *testing.T) {
	t.Parallel()
	app := newFakeApp(t)
	b := newBench(t, "touch began; sleep 60").at(app)
	app.ask("A page was changed")
	var over atomic.Bool
	app.fault = func(kind string, _ int) fault {
		_, err := os.Stat(filepath.Join(b.dir, "began"))
		if kind != "heartbeat" || err != nil || !over.CompareAndSwap(false, true) {
			return fine
		}
		for _, e := range []release.Event{release.ResetSite{Act: release.Act{By: "ada", Why: "it is stuck"}}, release.RequestAccepted{Source: release.FromEditor}} {
			if err := app.step(e); err != nil {
				t.Error(err)
			}
		}
		return forgotten
	}
	b.wantExit(b.run("all"), failure.ExitTakenAway)
	if site := app.now(); site.Current.Number < 2 || site.State == release.Starting {
		t.Errorf("the site is %s in release %+v", site.State, site.Current)
	}
}

// Under any faults and with a process for each step: a sequence belongs to one
// report, and later reports have later ones.
func TestSequencesNeverRepeat(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			app := newFakeApp(t)
			app.fault = func(kind string, n int) fault {
				if kind != "report" && kind != "failure" {
					return fine
				}
				return []fault{fine, fine, lostAnswer, lostRequest, unavailable}[random.IntN(5)]
			}
			b := newBench(t, "exit 1").with(app)
			b.opts.AppLimit = time.Millisecond // one call of three tries
			for _, step := range []string{"claim", "starting", "starting", "in_progress", "in_progress", "build"} {
				if err := b.run(step); err != nil {
					t.Logf("%s: %v", step, err)
				}
			}
			states := map[int64]string{}
			last := int64(0)
			for _, s := range append(app.seen("report"), app.seen("failure")...) {
				what := fmt.Sprint(s.Kind, s.State, s.Why)
				if before, ok := states[s.Sequence]; ok && before != what {
					t.Errorf("sequence %d is %q and %q", s.Sequence, before, what)
				}
				if s.Kind == "report" && s.Sequence < last {
					t.Errorf("sequence %d came after %d", s.Sequence, last)
				}
				states[s.Sequence], last = what, s.Sequence
			}
			if s := b.state(); s.Sequence < last {
				t.Errorf("the state knows of %d, sent was %d", s.Sequence, last)
			}
		})
	}
}

func TestSequenceIsOnDiskBeforeTheReportIsSent(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	app.after = func(kind string) {
		if kind != "report" {
			return
		}
		reports := app.seen("report")
		if on := b.state().Sequence; on < reports[len(reports)-1].Sequence {
			t.Errorf("sequence %d was sent when %d was on disk", reports[len(reports)-1].Sequence, on)
		}
	}
	b.wantExit(b.run("all"), failure.ExitOK)
}

func TestSecondRunOfAReleaseEndsGreenHavingDoneNothing(t *testing.T) {
	for name, code := range map[string]func(*fakeApp){
		"another run has it": func(a *fakeApp) {
			a.must(release.Claim{Release: 1, Token: "dispatch-token", Run: release.Run{ID: "run-0", Attempt: 1}})
		},
		"it is over": func(a *fakeApp) { a.must(release.ResetSite{Act: release.Act{By: "ada", Why: "enough"}}) },
	} {
		t.Run(name, func(t *testing.T) {
			app := newFakeApp(t)
			b := newBench(t, "touch built; "+goodBuild).with(app)
			code(app)
			before := app.now()
			b.wantExit(b.run("all"), failure.ExitOK)
			for _, step := range []string{"in_progress", "build", "deploy", "complete", "post"} {
				b.wantExit(b.run(step), failure.ExitOK)
			}
			if s := b.state(); s.Outcome != state.OutcomeDuplicate {
				t.Errorf("the outcome is %q", s.Outcome)
			}
			if _, err := os.Stat(filepath.Join(b.dir, "built")); err == nil || b.live("index.html") != "" {
				t.Error("it built or deployed")
			}
			if after := app.now(); after.State != before.State || after.Current.Run != before.Current.Run {
				t.Errorf("the site changed to %+v", after)
			}
		})
	}
}

func TestRunWaitsForItsTurn(t *testing.T) {
	app := newFakeApp(t)
	app.dispatched("run-0")
	first := release.Run{ID: "run-0", Attempt: 1}
	app.must(release.Claim{Release: 1, Token: "dispatch-token", Run: first})
	b := newBench(t, goodBuild).at(app)
	app.after = func(kind string) {
		if kind == "claim" && len(app.seen("claim")) == 3 {
			app.must(release.Report{Release: 1, Run: first, Sequence: 1, To: release.InProgress})
			app.must(release.Report{Release: 1, Run: first, Sequence: 2, To: release.Complete})
			app.must(release.RequestAccepted{Source: release.FromEditor})
			app.must(release.Report{Release: 1, Run: first, Sequence: 3, To: release.Ready})
		}
	}
	b.wantExit(b.run("all"), failure.ExitOK)
	if site := app.now(); site.Live.Number != 2 || len(app.seen("claim")) != 4 {
		t.Errorf("live is %+v after %d claims", site.Live, len(app.seen("claim")))
	}
}

// The app is started anew while a run has waited for its turn for long.
func TestARunThatWaitsForItsTurnOutlastsAnAppThatIsAwayForAMoment(t *testing.T) {
	t.Parallel()
	// On a busy machine four tries may take longer than an app may be away: then it is tried
	// again with more time.
	limit := 1500 * time.Millisecond
	for ; limit < eventually.Patience/8; limit *= 2 {
		err := outlasts(t, limit)
		if err == nil {
			return
		}
		t.Log(err)
	}
	t.Errorf("it does not outlast a moment without the app, though it may be without it for %s", limit/2)
}

// outlasts has a run wait for its turn for longer than the app may be away, and the app be
// away after that.
func outlasts(t *testing.T, limit time.Duration) error {
	t.Helper()
	app := newFakeApp(t)
	app.dispatched("run-0")
	first := release.Run{ID: "run-0", Attempt: 1}
	app.must(release.Claim{Release: 1, Token: "dispatch-token", Run: first})
	b := newBench(t, goodBuild).at(app)
	b.opts.AppLimit, b.opts.TurnLimit = limit, eventually.Patience
	began := time.Now()
	away := 0
	app.fault = func(kind string, _ int) fault {
		if kind == "claim" && time.Since(began) > b.opts.AppLimit && away < 4 {
			away++ // one call of three tries, and one more try
			return unavailable
		}
		return fine
	}
	var over atomic.Bool
	app.after = func(kind string) {
		if kind == "claim" && time.Since(began) > b.opts.AppLimit && over.CompareAndSwap(false, true) {
			app.must(release.ResetSite{Act: release.Act{By: "ada", Why: "it is stuck"}})
			app.must(release.RequestAccepted{Source: release.FromEditor})
		}
	}
	if err := b.run("all"); err != nil {
		return fmt.Errorf("the app was away for %d tries: %w\n%s", away, err, b.err)
	}
	if s := b.state(); !s.Live || away != 4 {
		return fmt.Errorf("live is %v, the app was away for %d tries\n%s", s.Live, away, b.err)
	}
	return nil
}

func TestTurnThatDoesNotCome(t *testing.T) {
	paused := func(a *fakeApp) {
		a.must(release.PauseSite{Act: release.Act{By: "ada", Why: "an audit"}})
		a.ask("x")
	}
	t.Run("paused: waits up to its limit", func(t *testing.T) {
		app := newFakeApp(t)
		paused(app)
		b := newBench(t, goodBuild).at(app)
		b.opts.TurnLimit = 100 * time.Millisecond
		err := b.run("all")
		b.wantExit(err, failure.ExitNotReady)
		if !strings.Contains(err.Error(), "an audit") {
			t.Errorf("the reason is %q", err)
		}
	})
	t.Run("paused: ends if told so", func(t *testing.T) {
		app := newFakeApp(t)
		paused(app)
		b := newBench(t, goodBuild).at(app)
		b.opts.WhenFrozen = "end"
		b.wantExit(b.run("all"), failure.ExitOK)
		if s := b.state(); s.Outcome != state.OutcomeNothing || b.live("index.html") != "" {
			t.Errorf("the outcome is %q", s.Outcome)
		}
	})
	t.Run("nothing to do", func(t *testing.T) {
		b := newBench(t, goodBuild).at(newFakeApp(t))
		b.wantExit(b.run("all"), failure.ExitOK)
		if s := b.state(); s.Outcome != state.OutcomeNothing {
			t.Errorf("the outcome is %q", s.Outcome)
		}
	})
	t.Run("wrong token", func(t *testing.T) {
		b := newBench(t, goodBuild).at(newFakeApp(t))
		b.opts.Token = "wrong"
		err := b.run("all")
		b.wantExit(err, failure.ExitFailed)
		if !strings.Contains(err.Error(), "token") {
			t.Errorf("the reason is %q", err)
		}
	})
}

func TestReleaseTakenAwayStopsTheBuildAndDeploysNothing(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild+`; echo $$ > pid; sleep 300`).with(app)
	b.wantExit(b.meanwhile(t.Context(), "all", "pid", func() {
		app.must(release.ResetSite{Act: release.Act{By: "ada", Why: "stuck"}})
	}), failure.ExitTakenAway)
	wantGone(t, filepath.Join(b.dir, "pid"))
	if b.live("index.html") != "" || len(app.seen("failure")) != 0 {
		t.Errorf("it deployed, or reported %+v", app.seen("failure"))
	}
}

func TestReleaseTakenAwayJustBeforeTheDeploy(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	b.opts.Heartbeat = time.Hour
	for _, step := range []string{"claim", "in_progress", "build", "check"} {
		b.wantExit(b.run(step), failure.ExitOK)
	}
	app.must(release.ResetSite{Act: release.Act{By: "ada", Why: "stuck"}})
	b.wantExit(b.run("deploy"), failure.ExitTakenAway)
	if b.live("index.html") != "" {
		t.Error("it deployed")
	}
}

func TestAppDownBeforeTheContentIsReadFailsTheRun(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, "touch built; "+goodBuild).with(app)
	b.opts.AppLimit = 300 * time.Millisecond
	b.opts.TurnInterval = 100 * time.Millisecond
	app.Close()
	err := b.run("all")
	b.wantExit(err, failure.ExitNotReady)
	if exists(filepath.Join(b.dir, "built")) {
		t.Error("it built")
	}
	app = newFakeApp(t)
	b = newBench(t, "touch built; "+goodBuild).with(app)
	b.opts.AppLimit = 300 * time.Millisecond
	app.fault = func(kind string, _ int) fault {
		if kind == "report" {
			return unavailable
		}
		return fine
	}
	b.wantExit(b.run("all"), failure.ExitFailed)
	if exists(filepath.Join(b.dir, "built")) || len(app.seen("failure")) != 1 {
		t.Errorf("it built, or did not report the failure: %+v", app.seen("failure"))
	}
}

func TestAppDownDuringTheBuildDoesNotStopIt(t *testing.T) {
	app := newFakeApp(t)
	down := &atomic.Bool{}
	app.fault = func(kind string, n int) fault {
		if down.Load() && (kind == "heartbeat" || kind == "report" && n < 4) {
			return unavailable
		}
		return fine
	}
	app.after = func(kind string) {
		if reports := app.seen("report"); len(reports) == 2 {
			down.Store(true) // from In Progress on
		}
	}
	b := newBench(t, "sleep 0.3; "+goodBuild).with(app)
	b.wantExit(b.run("all"), failure.ExitOK)
	if site := app.now(); site.Live.Number != 1 {
		t.Errorf("live is %+v", site.Live)
	}
}

func TestAppDownAfterTheDeployNeverFailsTheRun(t *testing.T) {
	app := newFakeApp(t)
	app.fault = func(kind string, n int) fault {
		if n >= 2 && kind == "report" || kind == "metrics" {
			return unavailable
		}
		return fine
	}
	b := newBench(t, goodBuild).with(app)
	b.opts.LiveLimit = 100 * time.Millisecond
	b.wantExit(b.run("all"), failure.ExitOK)
	s := b.state()
	if !s.Live || s.Outcome != state.OutcomeLive || len(s.Pending) != 1 || s.Pending[0] != "complete" {
		t.Errorf("the state is %+v", s)
	}
	if !strings.Contains(b.err.String(), "the site is live, but") {
		t.Errorf("nothing is said of it:\n%s", b.err)
	}
	if len(app.seen("failure")) != 0 {
		t.Error("a failure was reported of a site that is live")
	}
}

func TestCancelledRunEndsItsBuildAndSaysSo(t *testing.T) {
	for name, supervised := range map[string]bool{"by itself": false, "under a supervisor": true} {
		t.Run(name, func(t *testing.T) {
			app := newFakeApp(t)
			b := newBench(t, `sleep 300 & echo $! > pid; sleep 300`).with(app)
			b.opts.Supervised = supervised
			ctx, cancel := context.WithCancel(t.Context())
			b.wantExit(b.meanwhile(ctx, "all", "pid", cancel), failure.ExitCancelled)
			wantGone(t, filepath.Join(b.dir, "pid"))
			failures := app.seen("failure")
			if supervised && len(failures) != 0 || !supervised && (len(failures) != 1 || failures[0].Why != "the run was cancelled") {
				t.Errorf("reported %+v", failures)
			}
		})
	}
}

func TestCancelledRunWithTheAppDownEndsInTime(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, `echo begun > begun; sleep 300`).with(app)
	b.opts.AppLimit = time.Hour // what has not been cancelled is told for as long
	app.fault = func(kind string, _ int) fault {
		if kind == "failure" {
			return unavailable
		}
		return fine
	}
	ctx, cancel := context.WithCancel(t.Context())
	b.wantExit(b.meanwhile(ctx, "all", "begun", cancel), failure.ExitCancelled)
}

// A site with a public address: live is what that shows.
func TestVerifyLooksAtThePublicAddress(t *testing.T) {
	public := func(t *testing.T, root func() string) string {
		t.Helper()
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.ServeFile(w, r, filepath.Join(root(), filepath.FromSlash(r.URL.Path)))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	t.Run("it shows the release", func(t *testing.T) {
		app := newFakeApp(t)
		b := newBench(t, goodBuild).with(app)
		b.opts.PublicURL = public(t, func() string { return b.dest })
		b.wantExit(b.run("all"), failure.ExitOK)
		if site := app.now(); site.Live.Number != 1 {
			t.Errorf("live is %+v", site.Live)
		}
	})
	t.Run("it points elsewhere", func(t *testing.T) {
		app := newFakeApp(t)
		b := newBench(t, goodBuild).with(app)
		b.opts.VerifyLimit = 200 * time.Millisecond
		b.opts.PublicURL = public(t, func() string { return "/nowhere" })
		b.wantExit(b.run("all"), failure.ExitNotVisible)
		failures := app.seen("failure")
		if len(failures) != 1 || failures[0].Fault != release.FaultPlatform || !strings.Contains(failures[0].Why, "404") {
			t.Errorf("reported %+v", failures)
		}
		if s := b.state(); s.Live {
			t.Error("the state says that it is live")
		}
	})
	t.Run("it shows another site, then an old release, then ours", func(t *testing.T) {
		b := newBench(t, goodBuild)
		markers := []string{"<html>", `{"site":"www-staging","sequence":9}`, `{"site":"www","release":0,"sequence":0}`, `{"site":"www","release":1,"sequence":1}`}
		var asked atomic.Int64
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/"+manifest.MarkerPath {
				t.Errorf("asked for %s", r.URL)
			}
			_, _ = w.Write([]byte(markers[min(int(asked.Add(1))-1, len(markers)-1)]))
		}))
		t.Cleanup(s.Close)
		b.opts.PublicURL = s.URL
		b.wantExit(b.run("all"), failure.ExitOK)
		if asked.Load() != int64(len(markers)) {
			t.Errorf("asked %d times", asked.Load())
		}
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// written tells whether a file has content: a shell makes it before it writes.
func written(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}

// wantGone waits for the end of the process whose number is in a file.
func wantGone(t *testing.T, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, fmt.Sprintf("the end of process %d", pid), func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err == nil {
			return strings.Contains(string(stat), ") Z ")
		}
		return syscall.Kill(pid, 0) != nil
	})
}
