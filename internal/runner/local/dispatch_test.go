//go:build linux

package local

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

func TestSameTokenIsTheSameRun(t *testing.T) {
	b := newPlace(t, "sleep 0.2").open(t)
	var group sync.WaitGroup
	runs := make([]release.Run, 10)
	for i := range runs {
		group.Go(func() { runs[i], _ = b.Dispatch(t.Context(), job(1)) })
	}
	group.Wait()
	b.ended(1)
	after := b.dispatch(1)
	for _, run := range slices.Concat(runs, []release.Run{after}) {
		if run != runs[0] || run.ID == "" {
			t.Errorf("run %+v is not %+v", run, runs[0])
		}
	}
	if err := AwaitEnd(t.Context(), b.state, "www"); err != nil { // a second one would have to end, too
		t.Fatal(err)
	}
	if n := b.starts(1); n != 1 {
		t.Errorf("the action was started %d times", n)
	}
	_, err := b.Dispatch(t.Context(), runner.Job{Site: "www", Release: 1, Token: "other"})
	if refused, ok := errors.AsType[*runner.Refused](err); !ok || !strings.Contains(refused.Why, "already handed") {
		t.Errorf("another token for the same release: %v", err)
	}
}

func TestDispatchRefusesWhatCannotBeMeant(t *testing.T) {
	b := newPlace(t, "true").open(t)
	good := job(1)
	for name, change := range map[string]func(*runner.Job){
		"unknown site": func(j *runner.Job) { j.Site = "other" },
		"no token":     func(j *runner.Job) { j.Token = "" },
		"no number":    func(j *runner.Job) { j.Release = 0 },
	} {
		bad := good
		change(&bad)
		_, err := b.Dispatch(t.Context(), bad)
		if _, ok := errors.AsType[*runner.Refused](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, err := os.ReadDir(b.state); err != nil || len(entries) != 0 {
		t.Errorf("something was written: %v, %v", entries, err)
	}
}

func TestDispatchThatCannotStartIsRefusedAndMayBeSentAgain(t *testing.T) {
	p := newPlace(t, "true")
	bad := p.open(t, func(o *Options) { o.Program = "/no/such/program" })
	_, err := bad.Dispatch(t.Context(), job(1))
	if refused, ok := errors.AsType[*runner.Refused](err); !ok || refused.Fault != release.FaultPlatform {
		t.Fatalf("the error is %v", err)
	}
	silent := p.open(t, func(o *Options) { o.Program = "/bin/false" })
	if _, err := silent.Dispatch(t.Context(), job(1)); err == nil {
		t.Fatal("a supervisor that ends at once was taken for a run")
	}
	found, err := bad.Find(t.Context(), job(1))
	if err != nil || found.Found || !found.Final {
		t.Errorf("found: %+v, %v", found, err)
	}
	b := p.open(t)
	b.dispatch(1)
	if e := b.ended(1); e.Conclusion != release.RunSucceeded {
		t.Errorf("sent again: %+v", e)
	}
}

// The app dies by kill -9 at each step of a dispatch. The next app asks, and
// sends again only if it is told that it may: in all cases one start.
func TestDispatchHasOneEffectWhereverTheAppDies(t *testing.T) {
	for point, begins := range map[string]bool{"locked": false, "intended": false, "started": true} {
		t.Run(point, func(t *testing.T) {
			p := newPlace(t, "sleep 0.3")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "die-at", p.state, point)
			out, err := cmd.CombinedOutput()
			if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
				t.Fatalf("it did not die: %v\n%s", err, out)
			}
			b := p.open(t)
			if err := b.Reattach(t.Context()); err != nil {
				t.Fatal(err)
			}
			found, err := b.Find(t.Context(), job(1))
			if err != nil || !found.Final || found.Found != begins {
				t.Fatalf("found %+v, %v", found, err)
			}
			if !found.Found {
				b.dispatch(1)
			}
			if e := b.ended(1); e.Conclusion != release.RunSucceeded {
				t.Errorf("it ended as %+v", e)
			}
			if n := b.starts(1); n != 1 {
				t.Errorf("the action was started %d times", n)
			}
		})
	}
}

func TestSupervisorBeginsOnce(t *testing.T) {
	b := newPlace(t, "true").open(t)
	b.dispatch(1)
	b.ended(1)
	out, err := exec.CommandContext(t.Context(), os.Args[0], "run-local", b.folder(1).path).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "begins once") {
		t.Errorf("begun again by hand: %v, %s", err, out)
	}
	if n := b.starts(1); n != 1 {
		t.Errorf("the action was started %d times", n)
	}
}

func TestDispatchOfARunThatIsOverTellsItsEndAgain(t *testing.T) {
	b := newPlace(t, "exit 4").open(t)
	run := b.dispatch(1)
	first := b.ended(1)
	if again := b.dispatch(1); again != run {
		t.Errorf("another run: %+v", again)
	}
	if e := b.ended(1); e != first {
		t.Errorf("told %+v, before %+v", e, first)
	}
}
