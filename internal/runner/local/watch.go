package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
)

// watch tells how a run ends. A supervisor that this process started is waited
// for; for any other its lock is looked at. The caller holds mu.
func (r *Runner) watch(f folder, rec record, cmd *exec.Cmd) {
	if r.ctx.Err() != nil || r.watched[f.path] {
		return
	}
	r.watched[f.path] = true
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

// waitFor waits until a run is over; false when watching has ended first.
func (r *Runner) waitFor(f folder, over <-chan struct{}) bool {
	tick := time.NewTicker(r.opts.Poll)
	defer tick.Stop()
	for {
		select {
		case <-r.ctx.Done():
			return false
		case <-over:
			over = nil // a closed channel would be ready for ever
		case <-tick.C:
		}
		running, err := f.running()
		if err != nil {
			r.opts.Logger.Warn("a run's lock can't be looked at", "folder", f.path, "error", err)
			continue
		}
		if !running {
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
// supervisor died without a word, what it left running is ended first.
func (r *Runner) conclude(f folder, rec record) (Exit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	exit, known, err := f.exit()
	if err != nil || known {
		return exit, err
	}
	supervisor, begun, err := f.started()
	if err != nil {
		return exit, err
	}
	exit = Exit{Conclusion: release.RunNeverStarted, Code: -1, Why: "it was handed over and never began", At: time.Now().UTC()}
	if begun {
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
	if err := f.writeJSON("exit.json", exit); err != nil {
		r.opts.Logger.Warn("a run's end could not be kept", "folder", f.path, "error", err)
	}
	return exit, nil
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

// Adopt takes over the runs that an earlier process of the app left running.
// How each site's newest run ended is told once more: the app may have missed
// it, and an ending that is known changes nothing.
func (r *Runner) Adopt(ctx context.Context) error {
	sites, err := os.ReadDir(filepath.Join(r.opts.State, "runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for runs to adopt: %w", err)
	}
	for _, site := range sites {
		if err := ctx.Err(); err != nil {
			return err
		}
		if site.IsDir() {
			err = errors.Join(err, r.adoptSite(site.Name()))
		}
	}
	return err
}

func (r *Runner) adoptSite(site string) error {
	all, err := numbers(filepath.Join(r.opts.State, "runs", site))
	if err != nil {
		return err
	}
	newest := int64(0)
	for _, n := range all {
		newest = max(newest, n)
	}
	for _, number := range all {
		f, err := runFolder(r.opts.State, site, number)
		if err != nil {
			return err
		}
		if err := r.adopt(f, number == newest); err != nil {
			r.opts.Logger.Warn("a run can't be adopted", "folder", f.path, "error", err)
		}
	}
	return nil
}

func (r *Runner) adopt(f folder, newest bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec, err := f.record()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the app died before it wrote what it meant to run
	}
	if err != nil {
		return err
	}
	running, err := f.running()
	if err != nil {
		return err
	}
	_, begun, err := f.started()
	if err != nil {
		return err
	}
	// What never began is no run: see Find.
	if running || newest && begun {
		r.watch(f, rec, nil)
	}
	return nil
}
