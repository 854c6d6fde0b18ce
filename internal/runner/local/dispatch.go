package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/environ"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// A supervisor inherits two open files, the run's lock and the pipe on which it reports
// that the run has begun, and these variables. Secrets are passed by environment only.
const (
	inheritEnv = "PRESSRUN_INHERIT"
	lockFD     = 3
	begunFD    = 4
)

// Dispatch starts a run. A token starts only one run, however often it is dispatched and
// whenever the app dies in between: the lock is taken first, the intent is on disk next,
// and only the process that inherits the lock can begin.
func (r *Runner) Dispatch(ctx context.Context, job runner.Job) (release.Run, error) {
	settings, ok := r.opts.Settings(job.Site)
	if !ok {
		return release.Run{}, &runner.Refused{Why: fmt.Sprintf("no site %q is released on this machine", job.Site), Fault: release.FaultPressrun}
	}
	if err := fits(job, settings); err != nil {
		return release.Run{}, &runner.Refused{Why: err.Error(), Fault: release.FaultPressrun}
	}
	if err := r.awaitOthers(ctx, job); err != nil {
		return release.Run{}, err
	}
	defer r.locks.lock(job.Site)()
	f, err := runFolder(r.opts.State, job.Site, job.Release)
	if err != nil {
		return release.Run{}, &runner.Refused{Why: err.Error(), Fault: release.FaultPressrun}
	}
	rec, err := f.before(job)
	if err != nil {
		return release.Run{}, err
	}
	if rec.ID != "" {
		r.watchers.watch(f, rec, nil) // if it is over, its end is reported again
		return rec.run(), nil
	}
	rec = r.record(job, settings)
	lock, err := r.intend(f, rec)
	if err != nil {
		return release.Run{}, &runner.Refused{Why: "the run could not be set up in the state folder", Fault: release.FaultPlatform, Err: err}
	}
	defer func() { _ = lock.Close() }() // the supervisor has inherited it, or none needs it
	r.crash("intended")
	cmd, err := r.start(ctx, f, job, settings, lock)
	if err != nil {
		return release.Run{}, &runner.Refused{Why: "the run's supervisor could not be started", Fault: release.FaultPlatform, Err: err}
	}
	r.crash("started")
	r.watchers.watch(f, rec, cmd)
	if err := r.prune(job.Site); err != nil {
		r.opts.Logger.WarnContext(ctx, "old runs could not be removed", "site", job.Site, "error", err)
	}
	return rec.run(), nil
}

// fits refuses an invalid job.
func fits(job runner.Job, settings Settings) error {
	switch {
	case job.Token == "":
		return errors.New("a dispatch needs a token")
	case settings.Ref != "":
		return checkRef(settings.Ref)
	}
	return nil
}

// before looks for an earlier dispatch of a release: it returns the run of the same
// token, an empty record, or a refusal.
func (f folder) before(job runner.Job) (record, error) {
	rec, err := f.record()
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, nil
	}
	if err != nil {
		return record{}, err
	}
	begun, err := f.begun()
	if err != nil || !begun {
		return record{}, err
	}
	if !rec.has(job.Token) {
		why := fmt.Sprintf("release #%d was already handed to run %s", job.Release, rec.ID)
		return record{}, &runner.Refused{Why: why, Fault: release.FaultPressrun}
	}
	return rec, nil
}

func (r *Runner) record(job runner.Job, settings Settings) record {
	return record{
		Site: job.Site, Release: job.Release, RollbackTo: job.RollbackTo, ID: runID(job.Site, job.Release, job.Token), TokenSHA256: hash(job.Token),
		At: time.Now().UTC(), AppURL: job.AppURL, Settings: settings,
		LogBytes: r.opts.LogBytes, Grace: r.opts.Grace, Sources: filepath.Join(r.opts.State, "sources"),
	}
}

// intend takes the run's lock and writes the intent.
func (r *Runner) intend(f folder, rec record) (*os.File, error) {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return nil, err
	}
	lock, err := f.lock()
	if err != nil {
		return nil, err
	}
	r.crash("locked")
	err = f.writeJSON("run.json", rec)
	for path := f.path; err == nil && path != r.opts.State; path = filepath.Dir(path) {
		err = atomicfile.SyncFolder(filepath.Dir(path))
	}
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

// start starts the supervisor and waits until it reports that the run has begun. An error
// means that it has not begun, and will not.
func (r *Runner) start(ctx context.Context, f folder, job runner.Job, settings Settings, lock *os.File) (*exec.Cmd, error) {
	words, err := os.OpenFile(f.file("supervisor.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = words.Close() }() // the supervisor has its own
	begun, tell, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = begun.Close() }()                     // only read
	cmd := exec.Command(r.opts.Program, "run-local", f.path) //nolint:gosec,noctx // G204: this program itself; it outlives this one
	cmd.Dir, cmd.Stdout, cmd.Stderr = f.path, words, words
	cmd.Env = append(environ.ForRun(os.Environ(), settings.secrets()...),
		inheritEnv+"=1", "PRESSRUN_TOKEN="+job.Bearer, "PRESSRUN_DISPATCH_TOKEN="+job.Token)
	cmd.ExtraFiles = []*os.File{lock, tell}
	detach(cmd)
	err = cmd.Start()
	_ = tell.Close() // the supervisor has its own copy
	if err != nil {
		return nil, err
	}
	if err := await(ctx, begun, r.opts.BeginLimit); err == nil {
		return cmd, nil
	}
	// It must not begin any more.
	_ = cmd.Process.Kill() // it may have ended already
	_ = cmd.Wait()         // its state says more
	if _, started, err := f.started(); err == nil && started {
		return cmd, nil // it had begun: its end is reported like any run's
	}
	return nil, errors.Join(fmt.Errorf("it ended before the run began (%s)", cmd.ProcessState), lastWords(f))
}

// await waits for the supervisor's first byte.
func await(ctx context.Context, begun *os.File, limit time.Duration) error {
	deadline := time.Now().Add(limit)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := begun.SetReadDeadline(deadline); err != nil {
		return err
	}
	_, err := begun.Read(make([]byte, 1))
	return err
}

// lastWords is the error output of a supervisor that did not begin the run.
func lastWords(f folder) error {
	text, err := os.ReadFile(f.file("supervisor.log"))
	if err != nil {
		return err
	}
	if len(text) == 0 {
		return nil
	}
	return errors.New(strings.TrimSpace(string(text[max(0, len(text)-500):])))
}
