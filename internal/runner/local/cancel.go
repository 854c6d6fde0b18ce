package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
)

// Cancel ends a run and all processes that it started. It returns once the run was asked
// to end; a run that does not end is killed after the grace period.
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
		return err // it has ended: reported already, or found by LookUp
	}
	// The reason comes first: it must be there when the run's end is found.
	if err := f.writeJSON("cancel.json", map[string]time.Time{"at": time.Now().UTC()}); err != nil {
		return err
	}
	r.watchers.end(f)
	return nil
}

// end begins to end a run, in the background.
func (w *watchers) end(f folder) { w.group.Go(func() { w.signal(f) }) }

// signal asks a supervisor to end its run until it does, and kills it after two grace
// periods: the first is the supervisor's own for the run.
func (w *watchers) signal(f folder) {
	deadline := time.Now().Add(2 * w.opts.Grace)
	for asked := false; ; {
		supervisor, begun, err := f.started()
		if err == nil && begun {
			switch {
			case time.Now().After(deadline):
				// The supervisor ends what the run left in the background. Once it is
				// dead nobody can find these processes, so end them now.
				process.EndBelow(supervisor)
				err = supervisor.Signal(syscall.SIGKILL)
			case !asked:
				err = supervisor.Signal(syscall.SIGTERM)
				asked = err == nil
			}
		}
		if err != nil && !errors.Is(err, os.ErrProcessDone) {
			w.opts.Logger.Warn("a run's supervisor can't be signalled", "folder", f.path, "error", err)
		}
		select {
		case <-w.ctx.Done():
			return
		case <-time.After(w.opts.Poll):
		}
		if running, err := f.running(); err == nil && !running {
			return
		}
	}
}
