package local

import (
	"context"
	"fmt"
	"os/exec"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
)

// watchers watch runs until they end, and report their ends.
type watchers struct {
	opts  Options
	locks *siteLocks
	// ctx ends with close, which waits for the group.
	ctx   context.Context
	stop  context.CancelFunc
	group sync.WaitGroup

	mu      sync.Mutex
	watched map[string]bool // the runs that have a watcher, by folder
}

func newWatchers(opts Options, locks *siteLocks) *watchers {
	w := &watchers{opts: opts, locks: locks, watched: map[string]bool{}}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// close stops watching.
func (w *watchers) close() {
	w.stop()
	w.group.Wait()
}

// watch reports the end of a run. It waits for a supervisor that this process started;
// for any other it polls its lock.
func (w *watchers) watch(f folder, rec record, cmd *exec.Cmd) {
	if w.ctx.Err() != nil || !w.begin(f) {
		return
	}
	over := make(chan struct{})
	if cmd != nil && cmd.ProcessState == nil {
		go func() {
			defer close(over)
			_ = cmd.Wait() // its folder says how it ended, or it died
		}()
	}
	w.group.Go(func() {
		if !w.waitFor(f, over) {
			return
		}
		w.mu.Lock()
		delete(w.watched, f.path)
		w.mu.Unlock()
		w.tell(f, rec)
	})
}

// begin notes that a run has a watcher; false if it had one already.
func (w *watchers) begin(f folder) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.watched[f.path] {
		return false
	}
	w.watched[f.path] = true
	return true
}

// longestPoll is the longest pause between two checks of a lock that can't be read: an
// operator may fix that at any time.
const longestPoll = 10 * time.Second

// waitFor waits until a run is over; false if watching ended first.
func (w *watchers) waitFor(f folder, over <-chan struct{}) bool {
	pause, blind := w.opts.Poll, false
	for {
		select {
		case <-w.ctx.Done():
			return false
		case <-over:
			over = nil // a closed channel would be ready for ever
		case <-time.After(pause):
		}
		running, err := f.running()
		switch {
		case err != nil && !blind:
			w.opts.Logger.Warn("a run's lock can't be checked; trying again with growing pauses", "folder", f.path, "error", err)
		case err == nil && blind:
			w.opts.Logger.Info("a run's lock can be checked again", "folder", f.path)
		}
		if blind = err != nil; blind {
			pause = min(2*pause, max(longestPoll, w.opts.Poll))
			continue
		}
		if pause = w.opts.Poll; !running {
			return true
		}
	}
}

// tell reports how a run ended.
func (w *watchers) tell(f folder, rec record) {
	exit, err := w.conclude(f, rec)
	if err != nil {
		w.opts.Logger.Error("a run's end can't be read", "folder", f.path, "error", err)
		return
	}
	w.opts.OnEvent(rec.Site, rec.Release, exit.event(rec.run()))
}

// conclude finds how a run ended whose lock is free. If its supervisor died without
// writing that, the processes that it left are ended first. The run's copy of the source
// is removed if the supervisor has not done so.
func (w *watchers) conclude(f folder, rec record) (Exit, error) {
	defer w.locks.lock(rec.Site)()
	exit, known, err := f.exit()
	if known {
		w.removeSource(f)
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
	w.removeSource(f)
	if err := f.writeJSON("exit.json", exit); err != nil {
		w.opts.Logger.Warn("a run's end could not be kept", "folder", f.path, "error", err)
	}
	return exit, nil
}

// dying is how long a process may take from the release of its locks to its end.
const dying = 2 * time.Second

// livesElsewhere says whether a supervisor is alive that does not hold its run's lock:
// this runner must not end its processes. Where processes are known by their numbers
// alone (all systems but Linux) it can't tell, and nothing is ended either.
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

// removeSource removes the copy of the source that the supervisor of a finished run could
// not remove.
func (w *watchers) removeSource(f folder) {
	if err := f.removeSource(); err != nil {
		w.opts.Logger.Warn("a run's copy of the source is left", "folder", f.path, "error", err)
	}
}
