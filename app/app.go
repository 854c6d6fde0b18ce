package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	webapi "github.com/pressrun/pressrun/app/api"
	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/content"
	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/app/hooks"
	"github.com/pressrun/pressrun/app/marker"
	"github.com/pressrun/pressrun/app/metrics"
	"github.com/pressrun/pressrun/app/middleware"
	"github.com/pressrun/pressrun/app/notices"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/retention"
	"github.com/pressrun/pressrun/app/scheduler"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
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
	// PublicTransport is below all looks at the sites' public addresses; nil for
	// the network.
	PublicTransport http.RoundTripper
	// OutboundTransport is below all calls of what operators configured to be told
	// or asked; nil for the network.
	OutboundTransport http.RoundTripper
	// SignInTransport is below all calls to where people sign in; nil for the network.
	SignInTransport http.RoundTripper
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
	schedules map[string][]calendar.Schedule // of each site
	log       *slog.Logger
	ledger    *ledger.Ledger
	others    *others
	runner    runner.Provider
	// unreachable is why a site's runner can't be given a release, "" if it can.
	unreachable func(site string) string
	keys        auth.Keys
	auth        *auth.Authorizer
	problems    *problem.Reporter
	scheduler   *scheduler.Scheduler
	marker      *marker.Watcher
	notices     *notices.Notices
	metrics     *metrics.Metrics
	inbox       *scheduler.Inbox
	tasks       sync.WaitGroup // of the runners
	disk        *problem.Disk
	places      *stream.Places
	api         *webapi.API
	pages       *frame.Frame
	hooks       *hooks.Hooks
	handler     *middleware.BodyDeadline
	// deadClient is how long what was sent may go unacknowledged.
	deadClient time.Duration
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
	schedules, err := schedulesOf(&opts.Config)
	if err != nil {
		return nil, err
	}
	providers, err := auth.Providers(opts.Config, opts.SignInTransport)
	if err != nil {
		return nil, err
	}
	figures := metrics.New(cmp.Or(opts.Version, "unknown"))
	led, with, err := openLedger(ctx, opts, ledger.Options{
		Sites: policies, NoGroupCommit: opts.NoGroupCommit, Committed: figures.Committed,
	})
	if err != nil {
		return nil, err
	}
	// Only who has the ledger may make the key: of two that start at once, one
	// would have a key that is not the one in the file.
	keys, err := with.keys(ctx, led, opts.Config.State)
	if err != nil {
		return nil, errors.Join(err, led.Close(), with.close())
	}
	a := &App{config: opts.Config, metrics: figures, schedules: schedules, log: opts.Log, ledger: led, others: with, keys: keys, disk: problem.NewDisk(led), places: stream.NewPlaces(stream.MaxOpen, stream.MaxOfOne), deadClient: deadClientAfter}
	a.stop, a.stopNow = context.WithCancel(context.WithoutCancel(ctx))
	a.problems = problem.NewReporter(a.stop, a.log, a.disk)
	a.removeLeft()
	if a.hooks, err = hooks.New(hooks.Options{Config: opts.Config, Ledger: led, Problems: a.problems, Came: figures.Came}); err != nil {
		return nil, errors.Join(err, led.Close())
	}
	if a.notices, err = notices.New(notices.Options{
		Config: opts.Config, Ledger: led, Lines: led.Notices(), Log: a.log, Transport: opts.OutboundTransport,
	}); err != nil {
		return nil, errors.Join(err, led.Close())
	}
	asked := content.Options{Config: &opts.Config, Log: a.log, Transport: opts.OutboundTransport}
	publisher, err := content.NewPublisher(asked)
	if err != nil {
		return nil, errors.Join(err, led.Close())
	}
	fingerprints, err := content.NewFingerprints(asked)
	if err != nil {
		return nil, errors.Join(err, led.Close())
	}
	a.inbox = scheduler.NewInbox(a.stop, led, a.log)
	plain, err := opts.NewRunner(a.inbox.Notice)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the runner: %w", err), led.Close())
	}
	a.runner, err = a.besideGitHub(ctx, runner.Plain{Runner: plain}, opts.GitHubTransport)
	if err != nil {
		return nil, errors.Join(err, plain.Close(), led.Close())
	}
	a.auth = auth.New(auth.Options{Config: a.config, Ledger: led, Keys: keys, Log: a.log, Runs: a.runner, Providers: providers})
	a.scheduler = scheduler.New(a.stop, scheduler.Options{
		Ledger: led, Outbox: led.Outbox(), Looks: led.Schedules(), Runner: a.runner, Log: a.log, NewJob: a.job, Grace: opts.Grace, Schedules: schedules,
		Failed: a.disk.Note, Publisher: publisher, Fingerprints: fingerprints, Others: with.forScheduler(),
	})
	a.marker = marker.New(marker.Options{Ledger: led, URLs: publicURLs(opts.Config), Transport: opts.PublicTransport, Log: a.log})
	a.handler = a.routes(opts.Version)
	return a, nil
}

// besideGitHub is the runner of all sites: GitHub for those that run there, and
// another one for the rest.
func (a *App) besideGitHub(ctx context.Context, others runner.Provider, transport http.RoundTripper) (runner.Provider, error) {
	hub, err := github.New(ctx, github.Options{
		Config: a.config, Ledger: a.ledger, Log: a.log, Transport: transport, Keys: a.keys, Accept: a.inbox.Accept, Duties: a.others.duties, Shared: a.others.shared(a.ledger),
		ShowSetup: func(w http.ResponseWriter, r *http.Request, status int, title string, body any) {
			a.pages.ShowSetup(w, r, status, title, body)
		},
		LetOperator: a.letOperator,
		Came: func(stamped, received, processed time.Time) {
			a.metrics.Came("github_actions", stamped, received, processed)
		},
	})
	if err != nil {
		return nil, err
	}
	a.unreachable = a.others.unreachable(hub.Unreachable)
	of := func(site string) runner.Provider {
		if hub.Carries(site) {
			return hub
		}
		return others
	}
	return runner.BySite{Of: of, All: []runner.Provider{others, hub}}, nil
}

// schedulesOf are the schedules of all sites.
func schedulesOf(c *config.Config) (map[string][]calendar.Schedule, error) {
	all := map[string][]calendar.Schedule{}
	for name := range c.Sites {
		schedules, err := c.Schedules(name)
		if err != nil {
			return nil, err
		}
		all[name] = schedules
	}
	return all, nil
}

// Handler serves the API and the pages.
func (a *App) Handler() http.Handler { return a.handler }

// Ledger is the app's ledger.
func (a *App) Ledger() *ledger.Ledger { return a.ledger }

// start begins the work that nobody asks for.
func (a *App) start(ctx context.Context) error {
	// Before anything happens: a new target is told of all from here on.
	if err := a.notices.Begin(ctx, a.ledger.SiteNames()); err != nil {
		return err
	}
	counted, err := a.metrics.Watch(ctx, a.ledger, a.hours(), a.handOffs(), a.log)
	if err != nil {
		return err
	}
	if err := a.scheduler.Start(ctx); err != nil {
		return err
	}
	a.runner.Start(a.stop, &a.tasks)
	a.tasks.Go(func() { a.others.run(a.stop) })
	a.tasks.Go(func() { a.others.duties.Run(a.stop, "marker", a.marker.Run) })
	a.tasks.Go(func() { a.others.duties.Run(a.stop, "notices", a.notices.Run) })
	a.tasks.Go(func() { counted.Run(a.stop) })
	a.tasks.Go(func() { a.others.duties.Run(a.stop, "retention", a.keeper().Run) })
	return nil
}

// keeper removes old history.
func (a *App) keeper() *retention.Keeper {
	return retention.New(retention.Options{
		Rows: a.ledger.Retention(), Policy: a.config.Keep.Retention(), Folder: a.config.Keep.Export, Log: a.log,
		Removed: a.metrics.HistoryRemoved, Failed: a.metrics.HistoryFailed,
	})
}

// hours are the business hours of the sites: when their schedules are awake.
func (a *App) hours() map[string]calendar.Hours {
	hours := map[string]calendar.Hours{}
	for name, all := range a.schedules {
		hours[name] = calendar.HoursOf(all)
	}
	return hours
}

// handOffs are those who are handed what goes live, but not in a dry run.
func (a *App) handOffs() []ledger.NoticeTarget {
	var all []ledger.NoticeTarget
	for name, site := range a.config.Sites {
		for _, t := range site.HandOffs() {
			if !t.DryRun {
				all = append(all, ledger.NoticeTarget{Site: name, Name: t.Name})
			}
		}
	}
	return all
}

// publicURLs are the addresses at which the sites are seen.
func publicURLs(c config.Config) map[string]string {
	urls := map[string]string{}
	for name, site := range c.Sites {
		urls[name] = site.URL
	}
	return urls
}

// job is a release as it is handed to the runner.
func (a *App) job(site string, e release.SendDispatch) runner.Job {
	return runner.Job{
		Site: site, Release: e.Release, Token: e.Token, RollbackTo: e.RollbackTo,
		AppURL: a.config.URL,
		Bearer: a.auth.MintJob(site, e.Release),
	}
}

// removeLeft removes what an app left that was killed: files that it was
// writing, and copies of backups that it was sending. The ledger is open, so no
// other app uses the state folder.
func (a *App) removeLeft() {
	if err := atomicfile.RemoveLeft(a.config.State); err != nil {
		a.log.Error("unfinished files can't be removed", "error", err)
	}
	webapi.RemoveUnsent(a.config.State, a.log)
}

// Close ends the app's own work and closes the ledger. Run calls it.
func (a *App) Close() error {
	a.stopNow()
	a.scheduler.Wait()
	a.tasks.Wait()
	return errors.Join(a.runner.Close(), a.ledger.Close(), a.others.close())
}
