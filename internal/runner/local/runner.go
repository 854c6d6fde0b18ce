package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// Options set a runner up. State and Settings are required.
type Options struct {
	// State is the folder under which runs and repositories are kept.
	State string
	// Settings returns a site's present settings, and whether the site uses this runner.
	Settings func(site string) (Settings, bool)
	// OnEvent is called with the ends of runs; may be nil.
	OnEvent runner.OnEvent
	// Program is this program, which has the commands run-local and action;
	// "" for the running one.
	Program string
	// Keep is how many runs of a site are kept; 0 means 50.
	Keep int
	// KeepFor is how long a run is kept, except for the newest of its site; 0 for no limit.
	KeepFor time.Duration
	// LogBytes bounds the kept output of a run; 0 means 8 MiB.
	LogBytes int64
	// Poll is how often the lock of a run that another process of the app started is
	// checked; 0 means 200 ms.
	Poll time.Duration
	// Grace is the time between asking a run to end and killing it; 0 means
	// 10 s.
	Grace time.Duration
	// BeginLimit bounds the wait for a supervisor to report that the run has begun; 0 means 15 s.
	BeginLimit time.Duration
	Logger     *slog.Logger
}

// Runner carries releases out on this machine.
type Runner struct {
	opts     Options
	locks    *siteLocks
	watchers *watchers
	// crash is for tests: called between the steps of a dispatch.
	crash func(point string)
}

var _ runner.Runner = (*Runner)(nil)

// New makes a runner. It starts nothing, and looks for no earlier runs: see Reattach.
func New(opts Options) (*Runner, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	if opts.State == "" || opts.Settings == nil {
		return nil, errors.New("set the local runner up: it needs a folder for its state, and the sites' settings")
	}
	state, err := filepath.Abs(opts.State)
	if err != nil {
		return nil, fmt.Errorf("set the local runner up: %w", err)
	}
	opts.State = state
	if opts.Program == "" {
		if opts.Program, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("set the local runner up: find this program: %w", err)
		}
	}
	opts.setDefaults()
	locks := &siteLocks{sites: map[string]*sync.Mutex{}}
	return &Runner{opts: opts, locks: locks, watchers: newWatchers(opts, locks), crash: func(string) {}}, nil
}

func (o *Options) setDefaults() {
	setDefault(&o.Keep, 50)
	setDefault(&o.LogBytes, 8<<20)
	setDefault(&o.Poll, 200*time.Millisecond)
	setDefault(&o.Grace, 10*time.Second)
	setDefault(&o.BeginLimit, 15*time.Second)
	if o.OnEvent == nil {
		o.OnEvent = func(string, int64, release.Event) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
}

func setDefault[T comparable](to *T, value T) {
	var zero T
	if *to == zero {
		*to = value
	}
}

// siteLocks are a lock for each site, held from intent to start and while Find looks, so
// that a slow start delays no other site.
type siteLocks struct {
	mu    sync.Mutex // never held for long
	sites map[string]*sync.Mutex
}

// lock takes a site's lock; unlock releases it.
func (l *siteLocks) lock(site string) (unlock func()) {
	l.mu.Lock()
	own, ok := l.sites[site]
	if !ok {
		own = &sync.Mutex{}
		l.sites[site] = own
	}
	l.mu.Unlock()
	own.Lock()
	return own.Unlock
}

// Find says whether a job's token has started a run. The answer is final: a run whose
// lock is free and that has not begun never will, since only the process that took the
// lock and then wrote the intent could start it.
func (r *Runner) Find(_ context.Context, job runner.Job) (runner.Finding, error) {
	defer r.locks.lock(job.Site)()
	f, err := runFolder(r.opts.State, job.Site, job.Release)
	if err != nil {
		return runner.Finding{}, err
	}
	rec, err := f.record()
	if errors.Is(err, fs.ErrNotExist) || err == nil && !rec.has(job.Token) {
		return runner.Finding{Final: true}, nil
	}
	if err != nil {
		return runner.Finding{}, err
	}
	begun, err := f.begun()
	if err != nil {
		return runner.Finding{}, err
	}
	if !begun {
		return runner.Finding{Final: true}, nil
	}
	return runner.Finding{Run: rec.run(), Found: true, Final: true}, nil
}

// begun says whether a run has begun, or is about to since its supervisor is alive.
func (f folder) begun() (bool, error) {
	// The lock first: a supervisor that begins and ends in between has written
	// started.json by then.
	running, err := f.running()
	if err != nil || running {
		return running, err
	}
	_, begun, err := f.started()
	return begun, err
}

// LookUp finds the state of a run by its lock and its files.
func (r *Runner) LookUp(_ context.Context, site string, number int64, run release.Run) (release.Event, error) {
	f, err := folderOf(r.opts.State, site, number, run)
	if err != nil {
		return nil, err
	}
	rec, err := f.record()
	if errors.Is(err, fs.ErrNotExist) || err == nil && rec.ID != run.ID {
		return release.RunMissing{Run: run}, nil
	}
	if err != nil {
		return nil, err
	}
	running, err := f.running()
	if err != nil {
		return nil, err
	}
	if running {
		return release.RunSeen{Run: run, Note: "running on this machine"}, nil
	}
	exit, err := r.watchers.conclude(f, rec)
	if err != nil {
		return nil, err
	}
	return exit.event(run), nil
}

// Log opens the output of a release's run so far.
func (r *Runner) Log(_ context.Context, site string, number int64) (io.ReadCloser, error) {
	f, err := runFolder(r.opts.State, site, number)
	if err != nil {
		return nil, err
	}
	return openOutput(f)
}

// Close stops watching. Runs go on, and the next app reattaches to them.
func (r *Runner) Close() error {
	r.watchers.close()
	return nil
}

// old says whether a run began more than KeepFor ago.
func (r *Runner) old(f folder) bool {
	if r.opts.KeepFor <= 0 {
		return false
	}
	is, err := os.Stat(f.path)
	return err == nil && time.Since(is.ModTime()) > r.opts.KeepFor
}

// prune removes the oldest runs of a site beyond those to keep, unless they
// still run.
func (r *Runner) prune(site string) error {
	path, err := siteFolder(r.opts.State, site)
	if err != nil {
		return err
	}
	all, err := numbers(path)
	if err != nil {
		return err
	}
	slices.Sort(all)
	surplus := max(0, len(all)-r.opts.Keep)
	for i, number := range all[:max(0, len(all)-1)] {
		f, err := runFolder(r.opts.State, site, number)
		if err != nil {
			return err
		}
		if i >= surplus && !r.old(f) {
			break // the rest are younger
		}
		if running, err := f.running(); err != nil || running {
			continue
		}
		if err := os.RemoveAll(f.path); err != nil {
			return fmt.Errorf("remove an old run: %w", err)
		}
	}
	return nil
}
