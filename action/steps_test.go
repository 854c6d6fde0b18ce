//go:build unix

package action_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/internal/release"
)

func TestFailuresAreToldInWordsWithTheirFault(t *testing.T) {
	cases := map[string]struct {
		build  string
		change func(*options.Options)
		exit   int
		fault  release.Fault
		why    []string
	}{
		"the build fails":          {build: `echo building; echo "Error: template about.html: unexpected end" >&2; exit 2`, exit: failure.ExitFailed, fault: release.FaultBuild, why: []string{"build command failed", "exit status 2", "template about.html"}},
		"the build blames content": {build: `echo "article 12 has no title"; exit 65`, exit: failure.ExitFailed, fault: release.FaultContent, why: []string{"content is at fault", "article 12 has no title"}},
		"out of memory":            {build: `kill -9 $$`, exit: failure.ExitFailed, fault: release.FaultPlatform, why: []string{"killed by the system"}},
		"no such command":          {build: `no-such-generator --minify`, exit: failure.ExitFailed, fault: release.FaultBuild, why: []string{"exit status 127", "no-such-generator"}},
		"the build never ends":     {build: `echo still at it; sleep 300`, change: func(o *options.Options) { o.BuildTimeout = 200 * time.Millisecond }, exit: failure.ExitFailed, fault: release.FaultBuild, why: []string{"longer than 200ms", "still at it"}},
		"the install fails":        {build: goodBuild, change: func(o *options.Options) { o.Install = "echo no network; exit 1" }, exit: failure.ExitFailed, fault: release.FaultBuild, why: []string{"install command failed", "no network"}},
		"no output folder":         {build: `true`, exit: failure.ExitRefused, fault: release.FaultBuild, why: []string{"no folder public"}},
		"empty output":             {build: `mkdir public`, exit: failure.ExitRefused, fault: release.FaultBuild, why: []string{"no files"}},
		"no index page":            {build: `mkdir public; echo x > public/about.html`, exit: failure.ExitRefused, fault: release.FaultBuild, why: []string{"index.html"}},
		"no index page of its own": {build: goodBuild, change: func(o *options.Options) { o.Index = "en/index.html" }, exit: failure.ExitRefused, fault: release.FaultBuild, why: []string{"en/index.html"}},
		"a page without a byte":    {build: goodBuild + `; touch public/about.html`, exit: failure.ExitRefused, fault: release.FaultBuild, why: []string{"about.html", "--allow zero-byte-pages"}},
		"destination is no folder": {build: goodBuild, change: func(o *options.Options) { o.To = "ftp://example.org" }, exit: failure.ExitUsage, fault: release.FaultPressrun, why: []string{"ftp://example.org"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newFakeApp(t)
			b := newBench(t, c.build).with(app)
			if c.change != nil {
				c.change(&b.opts)
			}
			err := b.run("all")
			b.wantExit(err, c.exit)
			failures := app.seen("failure")
			if len(failures) != 1 || failures[0].Fault != c.fault {
				t.Fatalf("reported %+v", failures)
			}
			for _, want := range c.why {
				if !strings.Contains(failures[0].Why, want) {
					t.Errorf("%q does not say %q", failures[0].Why, want)
				}
			}
			if b.live("index.html") != "" {
				t.Error("it deployed")
			}
			if site := app.now(); site.Last.Outcome != release.Failed {
				t.Errorf("the release's outcome is %q", site.Last.Outcome)
			}
		})
	}
}

func TestChecksCanBeLetPassByName(t *testing.T) {
	b := newBench(t, goodBuild+`; touch public/about.html`)
	b.opts.Allow = []string{"zero-byte-pages"}
	b.wantExit(b.run("all"), failure.ExitOK)
	b = newBench(t, `mkdir public; echo x > public/about.html`)
	b.opts.Index = "none"
	b.wantExit(b.run("all"), failure.ExitOK)
}

func TestVanishedPagesAreRefused(t *testing.T) {
	b := newBench(t, `mkdir -p public; for i in $(seq 20); do echo page > public/$i.html; done; echo x > public/index.html`)
	b.wantExit(b.run("all"), failure.ExitOK)
	b.opts.Build = `rm -f public/1*.html`
	err := b.run("all")
	b.wantExit(err, failure.ExitRefused)
	if !strings.Contains(err.Error(), "vanished-pages") && !strings.Contains(err.Error(), "pages are missing") {
		t.Errorf("the reason is %q", err)
	}
	if b.live("11.html") == "" {
		t.Error("a page is gone")
	}
	limit := 0.9
	b.opts.MaxVanished = &limit
	b.wantExit(b.run("all"), failure.ExitOK)
	if b.live("11.html") != "" {
		t.Error("the page is still there")
	}
}

func TestDryRunChangesNothing(t *testing.T) {
	b := newBench(t, goodBuild)
	b.opts.DryRun = true
	b.wantExit(b.run("all"), failure.ExitOK)
	if b.live("index.html") != "" || b.state().Live {
		t.Error("something is live")
	}
	if !strings.Contains(b.err.String(), "dry run") {
		t.Errorf("it says\n%s", b.err)
	}
}

// Without a destination, or in a dry run, a release can't come to its end: that
// is told at once, and not after the build.
func TestAReleaseThatCouldNotBecomeLiveIsNotBuilt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*options.Options)
		why    string
	}{
		"no destination": {func(o *options.Options) { o.To = "" }, "--to"},
		"a dry run":      {func(o *options.Options) { o.DryRun = true }, "--dry-run"},
	} {
		t.Run(name, func(t *testing.T) {
			app := newFakeApp(t)
			b := newBench(t, "touch built; "+goodBuild).with(app)
			c.change(&b.opts)
			b.wantExit(b.run("all"), failure.ExitUsage)
			if f := app.seen("failure"); len(f) != 1 || !strings.Contains(f[0].Why, c.why) || f[0].Fault != release.FaultPlatform {
				t.Errorf("reported %+v", f)
			}
			if exists(filepath.Join(b.dir, "built")) {
				t.Error("it built")
			}
		})
	}
}

func TestAWrongSettingIsShownOnTheRunsPage(t *testing.T) {
	b := newBench(t, goodBuild)
	b.inWorkflow()
	b.opts.PublicURL = "www.example.gov"
	b.wantExit(b.run("all"), failure.ExitUsage)
	if got := annotations(b); len(got) != 1 || !strings.HasPrefix(got[0], "::error::--public-url: ") {
		t.Errorf("the annotations are %q", got)
	}
}

func TestReadyURL(t *testing.T) {
	var asked atomic.Int64
	cms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) {
		case 1:
			hangUp(w)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			_, _ = w.Write([]byte("maintenance"))
		default:
			_, _ = w.Write([]byte("all is well"))
		}
	}))
	t.Cleanup(cms.Close)
	b := newBench(t, goodBuild)
	b.opts.ReadyURL, b.opts.ReadyContains = cms.URL, "well"
	b.wantExit(b.run("all"), failure.ExitOK)
	if asked.Load() != 4 {
		t.Errorf("it was asked %d times", asked.Load())
	}
	app := newFakeApp(t)
	b = newBench(t, "touch built").with(app)
	b.opts.ReadyURL, b.opts.ReadyStatus, b.opts.ReadyLimit = cms.URL, http.StatusTeapot, 100*time.Millisecond
	b.wantExit(b.run("all"), failure.ExitNotReady)
	if exists(filepath.Join(b.dir, "built")) {
		t.Error("it built")
	}
	if f := app.seen("failure"); len(f) != 1 || f[0].Fault != release.FaultPlatform || !strings.Contains(f[0].Why, "418") {
		t.Errorf("reported %+v", f)
	}
}

func TestASpanOfNothingBetweenTwoLooksIsRefused(t *testing.T) {
	for flag, change := range map[string]func(*options.Options){
		"--ready-interval": func(o *options.Options) { o.ReadyInterval, o.ReadyURL = 0, "http://127.0.0.1:1/" },
		"--turn-interval":  func(o *options.Options) { o.TurnInterval, o.URL = -time.Second, "http://127.0.0.1:1/" },
	} {
		b := newBench(t, goodBuild)
		change(&b.opts)
		err := b.run("all")
		b.wantExit(err, failure.ExitUsage)
		if !strings.Contains(err.Error(), flag) {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestBuildSeesItsProfileAndNoneOfOurSecrets(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, "env > env.txt; "+goodBuild).with(app)
	b.opts.Environment = "production"
	b.opts.BuildEnv = "ANALYTICS_ID=UA-1\n# a remark\n\nTEXT=\"two\\nlines\"\nPLAIN=a b=c "
	b.opts.Environ = append(b.opts.Environ,
		"KEPT=kept", "PRESSRUN_TOKEN=secret-1", "INPUT_TOKEN=secret-2", "STATE_session=secret-3",
		"ACTIONS_ID_TOKEN_REQUEST_TOKEN=secret-4", "ACTIONS_ID_TOKEN_REQUEST_URL=secret-5", "PRESSRUN_DISPATCH_TOKEN=secret-6",
		"pressrun_other=secret-7", "ANALYTICS_ID=of the CMS")
	b.wantExit(b.run("all"), failure.ExitOK)
	text, err := os.ReadFile(filepath.Join(b.dir, "env.txt"))
	if err != nil {
		t.Fatal(err)
	}
	env := "\n" + string(text)
	for _, want := range []string{"ANALYTICS_ID=UA-1", "TEXT=two\nlines", "PLAIN=a b=c", "KEPT=kept", "DEPLOY_ENV=production", "PRESSRUN_SITE=www", "PRESSRUN_RELEASE=1"} {
		if !strings.Contains(env, "\n"+want+"\n") {
			t.Errorf("the build does not see %q", want)
		}
	}
	for _, secret := range []string{"secret-", runToken, "session-0", b.opts.StateFile} {
		if strings.Contains(env, secret) {
			t.Errorf("the build sees %q", secret)
		}
	}
}

func TestAFailedRunTellsHowLongItsStepsTook(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, "").with(app)
	b.opts.Build = fmt.Sprintf("echo the token is %s; exit 1", runToken)
	b.wantExit(b.run("all"), failure.ExitFailed)
	m := app.metrics
	if m == nil || len(m.Steps) == 0 {
		t.Fatalf("the app was given %+v\n%s", m, b.err)
	}
	last := m.Steps[len(m.Steps)-1]
	if last.Name != "build" || last.Result != "failed" || last.Seconds <= 0 || m.Steps[0].Result != "ok" {
		t.Errorf("the steps are %+v", m.Steps)
	}
	if strings.Contains(last.Note, runToken) || !strings.Contains(last.Note, "***") {
		t.Errorf("the note is %q", last.Note)
	}
	// Its failure comes first: that is what people wait for.
	if order := app.seen("failure"); len(order) != 1 || app.now().Last.Outcome != release.Failed {
		t.Errorf("reported %+v", order)
	}
}

func TestHeartbeatsSayWhatTheRunDoes(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, "sleep 0.3; "+goodBuild).with(app)
	b.wantExit(b.run("all"), failure.ExitOK)
	var building int
	for _, s := range app.seen("heartbeat") {
		if s.Why == "building" {
			building++
		}
	}
	if building < 2 {
		t.Errorf("heartbeats: %+v", app.seen("heartbeat"))
	}
}

func TestStateOfAnotherRunIsNotTakenForThisOnes(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	b.wantExit(b.run("claim"), failure.ExitOK)
	b.opts.RunID = "run-2"
	b.wantExit(b.run("in_progress"), failure.ExitUsage)
}

func TestStateInsideTheSiteIsRefused(t *testing.T) {
	b := newBench(t, "")
	b.opts.Build, b.opts.StateFile, b.opts.Output = "", "", "."
	if err := os.WriteFile(filepath.Join(b.dir, "index.html"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.wantExit(b.run("all"), failure.ExitUsage)
	if b.live(".pressrun/run.json") != "" || b.live("index.html") != "" {
		t.Error("it deployed")
	}
}
