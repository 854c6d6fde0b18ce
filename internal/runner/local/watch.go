package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
)

// watch tells how a run ends. A supervisor that this process started is waited
// for; for any other its lock is looked at.
func (r *Runner) watch(f folder, rec record, cmd *exec.Cmd) {
	if r.ctx.Err() != nil || !r.begin(f) {
		return
	}
	over := make(chan struct{})
	if cmd != nil && cmd.ProcessState == nil {
		go func() {
			defer close(over)
			_ = cmd.Wait() // how it ended is in its folder, or is that it died
		}()
	}
	r.watchers.Go(func() {
		if !r.waitFor(f, over) {
			return
		}
		r.mu.Lock()
		delete(r.watched, f.path)
		r.mu.Unlock()
		r.tell(f, rec)
	})
}

// begin says whether a run had no watcher; now it has.
func (r *Runner) begin(f folder) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.watched[f.path] {
		return false
	}
	r.watched[f.path] = true
	return true
}

// longestPoll is the longest pause between two looks at a lock that can't be
// read: an operator may mend that at any time.
const longestPoll = 10 * time.Second

// waitFor waits until a run is over; false when watching has ended first.
func (r *Runner) waitFor(f folder, over <-chan struct{}) bool {
	pause, blind := r.opts.Poll, false
	for {
		select {
		case <-r.ctx.Done():
			return false
		case <-over:
			over = nil // a closed channel would be ready for ever
		case <-time.After(pause):
		}
		running, err := f.running()
		switch {
		case err != nil && !blind:
			r.opts.Logger.Warn("a run's lock can't be looked at; it is tried again, ever more seldom", "folder", f.path, "error", err)
		case err == nil && blind:
			r.opts.Logger.Info("a run's lock can be looked at again", "folder", f.path)
		}
		if blind = err != nil; blind {
			pause = min(2*pause, max(longestPoll, r.opts.Poll))
			continue
		}
		if pause = r.opts.Poll; !running {
			return true
		}
	}
}

// tell says how a run ended.
func (r *Runner) tell(f folder, rec record) {
	exit, err := r.conclude(f, rec)
	if err != nil {
		r.opts.Logger.Error("a run's end can't be read", "folder", f.path, "error", err)
		return
	}
	r.opts.OnEvent(rec.Site, rec.Release, exit.event(rec.run()))
}

// conclude gives how a run ended that holds its lock no more. When its
// supervisor died without a word, what it left running is ended first. Its copy
// of the source is removed, should its supervisor not have come to that.
func (r *Runner) conclude(f folder, rec record) (Exit, error) {
	defer r.lock(rec.Site)()
	exit, known, err := f.exit()
	if known {
		r.removeSource(f)
	}
	if err != nil || known {
		return exit, err
	}
	supervisor, begun, err := f.started()
	if err != nil {
		return exit, err
	}
	exit = Exit{Conclusion: release.RunNeverStarted, Code: -1, Why: "it was handed over and never began", At: time.Now().UTC()}
	if begun {
		if livesElsewhere(supervisor) {
			return exit, fmt.Errorf("run %s goes on as process %d, which does not hold %s: this is a copy of another app's state folder, or its file system has no locks", rec.ID, supervisor.PID, f.file("run.lock"))
		}
		left := process.EndMarked("PRESSRUN_RUN_ID=" + rec.ID)
		left += process.EndSession(supervisor)
		exit.Conclusion, exit.Why = release.RunDied, "the process that ran it ended without a word"
		if left > 0 {
			exit.Why += fmt.Sprintf("; %d processes that it left behind were ended", left)
		}
		exit.Live = f.action().Live
	}
	if f.cancelled() {
		exit.Conclusion, exit.Why = release.RunCancelled, ""
	}
	r.removeSource(f)
	if err := f.writeJSON("exit.json", exit); err != nil {
		r.opts.Logger.Warn("a run's end could not be kept", "folder", f.path, "error", err)
	}
	return exit, nil
}

// dying is how long a process may take from letting go of its locks to its end.
const dying = 2 * time.Second

// livesElsewhere says whether a supervisor goes on that does not hold its run's
// lock: nothing of it is this runner's to end. Where processes are known by their
// numbers alone (all but Linux) nothing can be said, and nothing is ended either.
func livesElsewhere(supervisor process.Identity) bool {
	if supervisor.Boot == "" {
		return false
	}
	for deadline := time.Now().Add(dying); supervisor.Alive(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return true
		}
	}
	return false
}

// Cancel ends a run and all it started. It returns once the run was asked to
// end; when it does not, it is killed after the time of grace.
func (r *Runner) Cancel(_ context.Context, site string, number int64, run release.Run) error {
	f, err := folderOf(r.opts.State, site, number, run)
	if err != nil {
		return err
	}
	rec, err := f.record()
	if errors.Is(err, fs.ErrNotExist) || err == nil && rec.ID != run.ID {
		return fmt.Errorf("cancel release #%d of %s: run %s did not run on this machine", number, site, run.ID)
	}
	if err != nil {
		return err
	}
	running, err := f.running()
	if err != nil || !running {
		return err // over already: told, or found by a look-up
	}
	// The reason comes first: who finds the run ended must know why.
	if err := f.writeJSON("cancel.json", map[string]time.Time{"at": time.Now().UTC()}); err != nil {
		return err
	}
	r.watchers.Go(func() { r.end(f) })
	return nil
}

// end asks a supervisor to end its run until it does, and kills it when the
// time of grace is over twice: once is the supervisor's own for the run.
func (r *Runner) end(f folder) {
	deadline := time.Now().Add(2 * r.opts.Grace)
	for asked := false; ; {
		supervisor, begun, err := f.started()
		if err == nil && begun {
			switch {
			case time.Now().After(deadline):
				// What the run left in the background is the supervisor's to end;
				// when it is gone nobody can tell whose that was.
				process.EndBelow(supervisor)
				err = supervisor.Signal(syscall.SIGKILL)
			case !asked:
				err = supervisor.Signal(syscall.SIGTERM)
				asked = err == nil
			}
		}
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			r.opts.Logger.Warn("a run's supervisor can't be signalled", "folder", f.path, "error", err)
		}
		select {
		case <-r.ctx.Done():
			return
		case <-time.After(r.opts.Poll):
		}
		if running, err := f.running(); err == nil && !running {
			return
		}
	}
}
