//go:build linux

package local

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

func TestCancelEndsAllOfARun(t *testing.T) {
	cases := map[string]string{
		"a plain build":                                `echo $$ >> pids; sleep 300`,
		"one that ignores SIGTERM":                     `trap '' TERM INT; echo $$ >> pids; while :; do sleep 0.1; done`,
		"a background process":                         `sleep 300 & echo $! >> pids; sleep 300`,
		"a session of its own":                         `setsid sh -c 'echo $$ >> pids; exec sleep 300' & sleep 300`,
		"a daemon, double-forked, without environment": `(setsid env -i /bin/sh -c '(trap "" TERM HUP; /bin/sh -c "echo \$PPID" >> pids; while :; do sleep 0.1; done) &' &); sleep 300`,
	}
	for name, build := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, build)
			b := p.open(t)
			run := b.dispatch(1)
			written := filepath.Join(p.settings.Folder, "pids")
			eventually.Holds(t, "the build", func() bool { return len(pids(t, written)) > 0 })
			// Left alone, each would go on for longer than is waited for its end.
			if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
				t.Fatal(err)
			}
			e := b.ended(1)
			if e.Conclusion != release.RunCancelled || e.Run != run {
				t.Errorf("it ended as %+v", e)
			}
			for _, pid := range pids(t, written) {
				if alive(pid) {
					t.Errorf("process %d still runs", pid)
				}
			}
			if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
				t.Errorf("cancelled once more: %v", err)
			}
		})
	}
}

// building dispatches release #1, whose build notes its number in the file pids, and
// gives its run and the process that supervises it once the build goes on.
func (p *place) building(t *testing.T) (*bench, release.Run, process.Identity) {
	t.Helper()
	b := p.open(t)
	run := b.dispatch(1)
	eventually.Holds(t, "the build", func() bool { return len(pids(t, filepath.Join(p.settings.Folder, "pids"))) > 0 })
	supervisor, _, err := b.folder(1).started()
	if err != nil {
		t.Fatal(err)
	}
	return b, run, supervisor
}

func TestCancelKillsASupervisorThatDoesNotEnd(t *testing.T) {
	p := newPlace(t, `echo $$ >> pids; sleep 300`)
	b, run, supervisor := p.building(t)
	if err := supervisor.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
		t.Fatal(err)
	}
	if e := b.ended(1); e.Conclusion != release.RunCancelled {
		t.Errorf("it ended as %+v", e)
	}
	for _, pid := range pids(t, filepath.Join(p.settings.Folder, "pids")) {
		eventually.Holds(t, "the build's end", func() bool { return !alive(pid) })
	}
}

func TestDeadSupervisorIsNoticedAtOnceAndItsOrphansEnded(t *testing.T) {
	cases := map[string]string{
		"its own child":                      `echo $$ >> pids; sleep 300`,
		"a child of the build":               `sh -c 'echo $$ >> pids; sleep 300'; true`,
		"a daemon":                           `(setsid sh -c '(sh -c "echo \$PPID" >> pids; sleep 300; true) &' &); sleep 300`,
		"in its session without environment": `env -i /bin/sh -c 'echo $$ >> pids; trap "" HUP; sleep 300; true' & sleep 300`,
	}
	for name, build := range cases {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, build)
			p.settings.Env["PRESSRUN_TEST_STATE"] = `{"live":true}`
			b := p.open(t, func(o *Options) { o.Poll = time.Hour }) // its death must be told, not found
			run := b.dispatch(1)
			written := filepath.Join(p.settings.Folder, "pids")
			eventually.Holds(t, "the build", func() bool { return len(pids(t, written)) > 0 })
			supervisor, _, err := b.folder(1).started()
			if err != nil {
				t.Fatal(err)
			}
			if err := supervisor.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			e := b.ended(1)
			if e.Conclusion != release.RunDied || e.Run != run || !e.Live {
				t.Errorf("it ended as %+v", e)
			}
			for _, pid := range pids(t, written) {
				eventually.Holds(t, "an orphan's end", func() bool { return !alive(pid) })
			}
		})
	}
}

func TestGoodRunLeavesNothingBehind(t *testing.T) {
	p := newPlace(t, `(setsid sh -c 'echo $$ >> pids; sleep 300; true' &) ; while [ ! -s pids ]; do sleep 0.01; done`)
	b := p.open(t)
	b.dispatch(1)
	if e := b.ended(1); e.Conclusion != release.RunSucceeded {
		t.Errorf("it ended as %+v", e)
	}
	for _, pid := range pids(t, filepath.Join(p.settings.Folder, "pids")) {
		if alive(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
	if log := b.log(1); !strings.Contains(log, "left behind") {
		t.Errorf("its log says nothing of it: %q", log)
	}
}

func TestRunThatNeverEndsIsEndedAtItsLimit(t *testing.T) {
	p := newPlace(t, `trap '' TERM; echo $$ >> pids; while :; do sleep 0.1; done`)
	p.settings.Limit = 300 * time.Millisecond
	b := p.open(t)
	b.dispatch(1)
	e := b.ended(1)
	if e.Conclusion != release.RunTimedOut || !strings.Contains(e.Why, "300ms") {
		t.Errorf("it ended as %+v", e)
	}
	for _, pid := range pids(t, filepath.Join(p.settings.Folder, "pids")) {
		if alive(pid) {
			t.Errorf("process %d still runs", pid)
		}
	}
}

// Whoever is about to remove a run's folder lets its process end first.
func TestTheEndOfARunIsAwaited(t *testing.T) {
	p := newPlace(t, `echo $$ >> pids; sleep 300`)
	b, run, supervisor := p.building(t)
	state := filepath.Dir(filepath.Dir(filepath.Dir(b.folder(1).path)))
	short, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if err := AwaitEnd(short, state, "www"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while it goes on: %v", err)
	}
	if err := b.Cancel(t.Context(), "www", 1, run); err != nil {
		t.Fatal(err)
	}
	if err := AwaitEnd(t.Context(), state, "www"); err != nil || supervisor.Alive() {
		t.Errorf("its process is alive: %t, %v", supervisor.Alive(), err)
	}
	if err := AwaitEnd(t.Context(), state, "no-such-site"); err != nil {
		t.Errorf("a site without runs: %v", err)
	}
}
