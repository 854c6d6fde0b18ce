//go:build unix

package action_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/release"
)

// rollBack dispatches a rollback to the first release.
func (a *fakeApp) rollBack(run string) {
	a.must(release.RollBack{Act: release.Act{By: "ops", Why: "wrong prices"}, To: 1})
	a.must(release.Tick{Token: "dispatch-token"})
	a.must(release.DispatchConfirmed{Token: "dispatch-token", Run: release.Run{ID: run, Attempt: 1}})
}

// releaseTwice has two releases carried out, which differ.
func releaseTwice(t *testing.T) (*fakeApp, *bench) {
	t.Helper()
	app := newFakeApp(t)
	b := newBench(t, `mkdir -p public && echo "release $PRESSRUN_RELEASE" > public/index.html`)
	for range 2 {
		b.with(app)
		b.wantExit(b.run("all"), failure.ExitOK)
	}
	return app, b
}

func TestARunRollsBackInPlaceOfBuilding(t *testing.T) {
	app, b := releaseTwice(t)
	app.rollBack("run-1")
	b.opts.Release, b.opts.RollbackTo = 3, 1
	b.opts.Install, b.opts.Build, b.opts.ReadyURL = "exit 1", "exit 1", "http://127.0.0.1:1/"
	b.opts.Export, b.opts.ExportKind = "http://127.0.0.1:1", "wordpress"
	if err := os.RemoveAll(filepath.Join(b.dir, "public")); err != nil {
		t.Fatal(err)
	}
	b.wantExit(b.run("all"), failure.ExitOK)
	if page := b.live("index.html"); page != "release 1\n" {
		t.Errorf("the page says %q", page)
	}
	s := b.state()
	if s.RollbackTo != 1 || s.Deploy == nil || s.Deploy.Release != 1 || !s.Live {
		t.Errorf("the run's state: %+v", s)
	}
	for _, step := range s.Steps {
		builds := step.Name == "wait_ready" || step.Name == "install" || step.Name == "export" || step.Name == "build" || step.Name == "check"
		if builds != (step.Result == "skipped" && strings.Contains(step.Note, "nothing is built")) {
			t.Errorf("%s: %s: %s", step.Name, step.Result, step.Note)
		}
	}
	if site := app.now(); site.State != release.Ready || site.Live.RollbackTo != 1 || !site.Hold.On() {
		t.Errorf("the site: %+v", site)
	}
}

// A workflow file that does not hand rollback_to on still obeys the app's word.
func TestTheClaimSaysThatTheRunRollsBack(t *testing.T) {
	app, b := releaseTwice(t)
	app.rollBack("run-1")
	b.opts.Release = 3
	b.wantExit(b.run("all"), failure.ExitOK)
	if page := b.live("index.html"); page != "release 1\n" {
		t.Errorf("the page says %q", page)
	}
}

func TestARollbackIsNeverMadeARelease(t *testing.T) {
	app := newFakeApp(t)
	b := newBench(t, goodBuild).with(app)
	b.opts.RollbackTo = 1
	err := b.run("all")
	b.wantExit(err, failure.ExitFailed)
	if !strings.Contains(err.Error(), "put release #1 back") || b.live("index.html") != "" {
		t.Errorf("%v; the page says %q", err, b.live("index.html"))
	}
}

func TestARollbackToWhatIsNotKeptSaysSo(t *testing.T) {
	app, b := releaseTwice(t)
	app.rollBack("run-1")
	b.opts.Release, b.opts.RollbackTo = 3, 1
	// The destination is a new one, which has kept nothing.
	b.dest = filepath.Join(t.TempDir(), "www")
	b.opts.To = "file://" + b.dest
	err := b.run("all")
	b.wantExit(err, failure.ExitDeploy)
	if site := app.now(); !site.Hold.On() || !strings.Contains(site.Hold.Why, "the rollback to #1 did not succeed") || site.Shows() != 2 {
		t.Errorf("held: %q, it shows #%d", site.Hold.Why, site.Shows())
	}
}
