package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/scheduler"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// Options are what New needs.
type Options struct {
	Config config.Config
	Log    *slog.Logger
	// NewRunner makes the runner of all sites; it is told what to do with
	// news of its runs.
	NewRunner func(runner.OnEvent) (runner.Runner, error)
	// GitHubTransport is below all calls to GitHub; nil for the network.
	GitHubTransport http.RoundTripper
	// Version is shown in the API's description.
	Version string
	// Grace bounds how long a dispatch of unknown outcome is looked for before
	// it is sent again, for runners that can't be sure; 0 means 2 minutes.
	Grace time.Duration
	// NoGroupCommit makes every decision a transaction of its own: only to be
	// measured against.
	NoGroupCommit bool
}

// App is the server, wired and ready to run.
type App struct {
	config    config.Config
	log       *slog.Logger
	ledger    *ledger.Ledger
	runner    runner.Provider
	keys      auth.Keys
	auth      *auth.Authorizer
	problems  *problem.Reporter
	scheduler *scheduler.Scheduler
	inbox     *scheduler.Inbox
	tasks     sync.WaitGroup // of the runners
	paces     paces
	handler   http.Handler
	disk      *problem.Disk
	streams   *streams
	backups   backups
	bodyWait  time.Duration // see bodyLimit
	// stop ends what outlives a request: event streams, the answers to runners.
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
	led, err := ledger.Open(ctx, sqlite.At(filepath.Join(opts.Config.State, "pressrun.db")), ledger.Options{Sites: policies, NoGroupCommit: opts.NoGroupCommit})
	if err != nil {
		return nil, err
	}
	// Only who has the ledger may make the key: of two that start at once, one
	// would have a key that is not the one in the file.
	keys, err := auth.LoadKeys(filepath.Join(opts.Config.State, "key"))
	if err != nil {
		return nil, errors.Join(err, led.Close())
	}
	a := &App{config: opts.Config, log: opts.Log, ledger: led, keys: keys, disk: problem.NewDisk(led), streams: newStreams(), bodyWait: bodyLimit}
	a.stop, a.stopNow = context.WithCancel(context.WithoutCancel(ctx))
	a.problems = problem.NewReporter(a.stop, a.log, a.disk)
	a.removeLeft()
	a.inbox = scheduler.NewInbox(a.stop, led, a.log)
	plain, err := opts.NewRunner(a.inbox.Notice)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the runner: %w", err), led.Close())
	}
	a.runner, err = a.besideGitHub(ctx, runner.Plain{Runner: plain}, opts.GitHubTransport)
	if err != nil {
		return nil, errors.Join(err, plain.Close(), led.Close())
	}
	a.auth = auth.New(auth.Options{Config: a.config, Ledger: led, Keys: keys, Log: a.log, Runs: a.runner})
	a.scheduler = scheduler.New(a.stop, scheduler.Options{
		Ledger: led, Runner: a.runner, Log: a.log, NewJob: a.job, Grace: opts.Grace,
		Failed: a.disk.Note,
	})
	a.handler = a.routes(opts.Version)
	return a, nil
}

// besideGitHub is the runner of all sites: GitHub for those that run there, and
// another one for the rest.
func (a *App) besideGitHub(ctx context.Context, others runner.Provider, transport http.RoundTripper) (runner.Provider, error) {
	hub, err := github.New(ctx, github.Options{
		Config: a.config, Ledger: a.ledger, Log: a.log, Transport: transport, Keys: a.keys, Accept: a.inbox.Accept,
		ShowSetup: func(w http.ResponseWriter, status int, title string, body any) {
			a.render(w, status, "setup", page{Title: title, Body: body})
		},
		LetOperator: func(w http.ResponseWriter, r *http.Request) bool { return a.let(w, r, "", auth.Operator) },
	})
	if err != nil {
		return nil, err
	}
	of := func(site string) runner.Provider {
		if hub.Carries(site) {
			return hub
		}
		return others
	}
	return runner.BySite{Of: of, All: []runner.Provider{others, hub}}, nil
}

// Handler serves the API and the pages.
func (a *App) Handler() http.Handler { return a.handler }

// Ledger is the app's ledger.
func (a *App) Ledger() *ledger.Ledger { return a.ledger }

// Run serves on the configured address until the context ends, then shuts
// down: calls under way are finished, runs go on and are taken over by the
// next app. ready, if given, is called with the address once it listens.
func (a *App) Run(ctx context.Context, ready func(addr net.Addr)) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return errors.Join(fmt.Errorf("listen on %s: %w", a.config.Listen, err), a.Close())
	}
	return a.Serve(ctx, l, ready)
}

// start begins the work that nobody asks for.
func (a *App) start(ctx context.Context) error {
	if err := a.scheduler.Start(ctx); err != nil {
		return err
	}
	a.runner.Start(a.stop, &a.tasks)
	return nil
}

// job is a release as it is handed to the runner.
func (a *App) job(site string, e release.SendDispatch) runner.Job {
	return runner.Job{
		Site: site, Release: e.Release, Token: e.Token,
		AppURL: a.config.URL,
		Bearer: a.auth.MintJob(site, e.Release),
	}
}

// Serve is Run on a listener, which it closes.
func (a *App) Serve(ctx context.Context, l net.Listener, ready func(addr net.Addr)) error {
	if err := a.start(ctx); err != nil {
		return errors.Join(err, l.Close(), a.Close())
	}
	srv := a.server()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	if ready != nil {
		ready(l.Addr())
	}
	var err error
	select {
	case <-ctx.Done():
		a.log.Info("shutting down")
	case err = <-served:
	}
	return errors.Join(err, a.shutDown(context.WithoutCancel(ctx), srv))
}

func (a *App) server() *http.Server {
	return &http.Server{
		Handler:           a.handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if err := boundSilence(c, a.streams.vanished); err != nil {
				a.log.Debug("a connection keeps the system's patience with readers that vanish", "error", err)
			}
			return ctx
		},
	}
}

// shutdownGrace is how long calls under way are given to end.
const shutdownGrace = 10 * time.Second

func (a *App) shutDown(ctx context.Context, srv *http.Server) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownGrace)
	defer cancel()
	a.stopNow() // event streams end, so that Shutdown need not wait for them
	err := srv.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("calls were still under way after the grace time", "grace", shutdownGrace)
		err = srv.Close()
	}
	return errors.Join(err, a.Close())
}

// Close ends the app's own work and closes the ledger. Run calls it.
func (a *App) Close() error {
	a.stopNow()
	a.scheduler.Wait()
	a.tasks.Wait()
	return errors.Join(a.runner.Close(), a.ledger.Close())
}
