package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	webapi "github.com/pressrun/pressrun/app/api"
	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/metrics"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/scheduler"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// Options are what New needs.
type Options struct {
	Config config.Config
	// Broken are sites that are left out of it because of their mistakes.
	Broken []config.Broken
	// Configured is called with each configuration before the app applies it; may be nil.
	Configured func(config.Config)
	Log        *slog.Logger
	// NewRunner makes the runner of all sites, which hands the events of its runs to
	// the callback.
	NewRunner func(runner.OnEvent) (runner.Runner, error)
	// GitHubTransport carries all calls to GitHub; nil for the network.
	GitHubTransport http.RoundTripper
	// PublicTransport carries all reads of the sites' public addresses; nil for the
	// network.
	PublicTransport http.RoundTripper
	// OutboundTransport carries all calls of the targets and CMSs that operators
	// configured; nil for the network.
	OutboundTransport http.RoundTripper
	// SignInTransport carries all calls to sign-in providers; nil for the network.
	SignInTransport http.RoundTripper
	// Version is shown in the API's description.
	Version string
	// Grace bounds how long a dispatch of unknown outcome is looked for before
	// it is sent again, for runners that can't be sure; 0 means 2 minutes.
	Grace time.Duration
	// NoGroupCommit makes every decision a transaction of its own, as the baseline of
	// benchmarks.
	NoGroupCommit bool
}

// App is the server, wired and ready to run: the parts that outlive a configuration, and
// the edition of the configuration in force.
type App struct {
	opts    Options
	log     *slog.Logger
	ledger  *ledger.Ledger
	replica *replica
	keys    auth.Keys
	plain   runner.Runner // of the sites that are not on GitHub
	metrics *metrics.Metrics
	counted *metrics.Watcher // since the app runs
	inbox   *scheduler.Inbox
	disk    *problem.Disk
	places  *stream.Places
	// deadClient is how long sent data may go unacknowledged.
	deadClient time.Duration
	// current is the edition that serves; loads has the results of the last reloads.
	current atomic.Pointer[edition]
	loads   loads
	// swapping is held while one edition takes the place of another.
	swapping sync.Mutex
	tasks    sync.WaitGroup
	// stop ends the work that outlives a request: event streams, the answers to runners.
	stop    context.Context //nolint:containedctx // the app's own life
	stopNow context.CancelFunc
}

// New opens the ledger and wires the app. Nothing runs and nothing listens
// until Run. The caller must call Run or Close.
func New(ctx context.Context, opts Options) (*App, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	policies := map[string]release.Policy{}
	for name, site := range opts.Config.Sites {
		policies[name] = site.Policy()
	}
	figures := metrics.New(cmp.Or(opts.Version, "unknown"))
	led, with, err := openLedger(ctx, opts, ledger.Options{
		Sites: policies, Slots: opts.Config.Slots.Limits(), NoGroupCommit: opts.NoGroupCommit, Committed: figures.Committed,
	})
	if err != nil {
		return nil, err
	}
	// Only the app that holds the ledger may make the key: of two that start at once,
	// one would have a key that is not the one in the file.
	keys, err := with.keys(ctx, led, opts.Config.State)
	if err != nil {
		return nil, errors.Join(err, led.Close(), with.close())
	}
	a := &App{opts: opts, metrics: figures, log: opts.Log, ledger: led, replica: with, keys: keys, disk: problem.NewDisk(led), places: stream.NewPlaces(stream.MaxOpen, stream.MaxOfOne), deadClient: deadClientAfter}
	a.stop, a.stopNow = context.WithCancel(context.WithoutCancel(ctx))
	a.removeLeftovers()
	a.inbox = scheduler.NewInbox(a.stop, led, a.log)
	if a.plain, err = opts.NewRunner(a.inbox.Notice); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the runner: %w", err), led.Close(), with.close())
	}
	e, err := a.edition(ctx, opts.Config, opts.Broken, nil)
	if err != nil {
		return nil, errors.Join(err, a.plain.Close(), led.Close(), with.close())
	}
	a.put(e)
	a.loads.loaded(Changes{Broken: opts.Broken}, ledger.Now())
	return a, nil
}

// Handler serves the API and the pages.
func (a *App) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.current.Load().handler.ServeHTTP(w, r) })
}

// Ledger is the app's ledger.
func (a *App) Ledger() *ledger.Ledger { return a.ledger }

// start begins the background work.
func (a *App) start(ctx context.Context) (err error) {
	e := a.current.Load()
	if err := e.begin(ctx); err != nil {
		return err
	}
	if a.counted, err = a.metrics.Watch(ctx, a.ledger, e.hours(), e.handOffs(), a.log); err != nil {
		return err
	}
	if err := e.start(ctx); err != nil {
		return err
	}
	a.tasks.Go(func() { a.replica.run(a.stop) })
	a.tasks.Go(func() { a.counted.Run(a.stop) })
	return nil
}

// removeLeftovers removes the files that a killed app left: those that it was writing, and
// copies of backups that it was sending. The ledger is open, so no other app uses the
// state folder.
func (a *App) removeLeftovers() {
	if err := atomicfile.RemoveLeft(a.opts.Config.State); err != nil {
		a.log.Error("unfinished files can't be removed", "error", err)
	}
	webapi.RemoveUnsent(a.opts.Config.State, a.log)
}

// Close ends the app's own work and closes the ledger. Run calls it.
func (a *App) Close() error {
	a.stopNow()
	a.swapping.Lock() // no edition takes another's place any more
	defer a.swapping.Unlock()
	e := a.current.Load()
	e.end()
	a.tasks.Wait()
	return errors.Join(e.runner.Close(), a.plain.Close(), a.ledger.Close(), a.replica.close())
}
