package app

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"

	webapi "github.com/pressrun/pressrun/app/api"
	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/content"
	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/app/hooks"
	"github.com/pressrun/pressrun/app/marker"
	"github.com/pressrun/pressrun/app/middleware"
	"github.com/pressrun/pressrun/app/notices"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/retention"
	"github.com/pressrun/pressrun/app/scheduler"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// edition is the part of the app that follows from one configuration, which never changes.
// A reload makes the next edition whole before it takes this one's place.
type edition struct {
	*App
	config config.Config
	// closed are the sites that are not served, and why.
	closed    map[string]config.Closed
	schedules map[string][]calendar.Schedule // of each site
	runner    runner.Provider
	// lookAtPreviews starts the work on previews that somebody asked for.
	lookAtPreviews func()
	// unreachable is why a site's runner can't be given a release, "" if it can.
	unreachable func(site string) string
	auth        *auth.Authorizer
	problems    *problem.Reporter
	scheduler   *scheduler.Scheduler
	marker      *marker.Watcher
	notices     *notices.Notices
	api         *webapi.API
	pages       *frame.Frame
	hooks       *hooks.Hooks
	handler     *middleware.BodyDeadline
	begun       time.Time
	succeeds    bool // another edition ran before this one
	tasks       sync.WaitGroup
	// stop ends the work that this edition began.
	stop    context.Context //nolint:containedctx // the edition's own life
	stopNow context.CancelFunc
}

// edition makes the edition of a configuration and starts nothing: the edition before, nil
// for none, goes on.
func (a *App) edition(ctx context.Context, c config.Config, broken []config.Broken, before *edition) (*edition, error) {
	known, err := a.ledger.Retention().Sites(ctx)
	if err != nil {
		return nil, err
	}
	e := &edition{App: a, begun: time.Now(), succeeds: before != nil}
	e.config, e.closed = withClosed(c, broken, known, before)
	if e.schedules, err = schedulesOf(&e.config); err != nil {
		return nil, err
	}
	e.stop, e.stopNow = context.WithCancel(a.stop)
	e.problems = problem.NewReporter(e.stop, a.log, a.disk)
	if err := e.wire(ctx, before == nil); err != nil {
		e.stopNow()
		return nil, err
	}
	e.handler = e.routes(a.opts.Version)
	return e, nil
}

func (e *edition) wire(ctx context.Context, first bool) error {
	providers, err := auth.Providers(e.config, e.opts.SignInTransport)
	if err != nil {
		return err
	}
	if e.hooks, err = hooks.New(hooks.Options{Config: e.config, Ledger: e.ledger, Problems: e.problems, Handled: e.metrics.WebhookHandled}); err != nil {
		return err
	}
	if e.notices, err = notices.New(notices.Options{
		Config: e.config, Ledger: e.ledger, Lines: e.ledger.Notices(), Log: e.log, Transport: e.opts.OutboundTransport,
	}); err != nil {
		return err
	}
	asked := content.Options{Config: &e.config, Log: e.log, Transport: e.opts.OutboundTransport}
	publisher, err := content.NewPublisher(asked)
	if err != nil {
		return err
	}
	fingerprints, err := content.NewFingerprints(asked)
	if err != nil {
		return err
	}
	if e.runner, err = e.runners(ctx, shared{Provider: runner.Plain{Runner: e.plain}, reattached: !first}); err != nil {
		return err
	}
	e.auth = auth.New(auth.Options{Config: e.config, Ledger: e.ledger, Keys: e.keys, Log: e.log, Runs: e.runner, Providers: providers})
	e.scheduler = scheduler.New(e.stop, scheduler.Options{
		Ledger: e.ledger, Outbox: e.ledger.Outbox(), Looks: e.ledger.Schedules(), Runner: e.runner, Log: e.log, NewJob: e.job, Grace: e.opts.Grace, Schedules: e.schedules,
		Failed: e.disk.Note, Publisher: publisher, Fingerprints: fingerprints, Replicas: e.replica.forScheduler(),
	})
	e.marker = marker.New(marker.Options{Ledger: e.ledger, URLs: publicURLs(e.config), Transport: e.opts.PublicTransport, Log: e.log})
	return nil
}

// shared is the runner that all editions use: it reattaches to the runs of an earlier app
// once, and the app closes it.
type shared struct {
	runner.Provider
	reattached bool
}

// Reattach does so for the first edition.
func (s shared) Reattach(ctx context.Context) error {
	if s.reattached {
		return nil
	}
	return s.Provider.Reattach(ctx)
}

// Close does nothing: the app closes the runner.
func (shared) Close() error { return nil }

// runners is the runner of all sites: GitHub for those that run there, and plain for the
// rest.
func (e *edition) runners(ctx context.Context, plain runner.Provider) (runner.Provider, error) {
	hub, err := github.New(ctx, github.Options{
		Config: e.config, Ledger: e.ledger, Log: e.log, Transport: e.opts.GitHubTransport, Keys: e.keys, Accept: e.inbox.Accept, Duties: e.replica.duties, Shared: e.replica.shared(e.ledger),
		ShowSetup: func(w http.ResponseWriter, r *http.Request, status int, title string, body any) {
			e.pages.ShowSetup(w, r, status, title, body)
		},
		LetOperator: e.letOperator,
		Handled: func(stamped, received, processed time.Time) {
			e.metrics.WebhookHandled("github_actions", stamped, received, processed)
		},
	})
	if err != nil {
		return nil, err
	}
	e.unreachable, e.lookAtPreviews = e.replica.unreachable(hub.Unreachable), hub.LookAtPreviews
	unknown := runner.Plain{Runner: unconfigured{}}
	of := func(site string) runner.Provider {
		switch {
		case hub.Carries(site):
			return hub
		case e.config.Sites[site].Runner == "" && e.closed[site].Why != "":
			return unknown
		}
		return plain
	}
	return runner.BySite{Of: of, All: []runner.Provider{plain, hub}}, nil
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

// policies are the rules of all sites, and which of them are not configured any more.
func (e *edition) policies() (policies map[string]release.Policy, gone map[string]bool) {
	policies, gone = map[string]release.Policy{}, map[string]bool{}
	for name, site := range e.config.Sites {
		policies[name] = site.Policy()
		if e.closed[name].Gone {
			gone[name] = true
		}
	}
	return policies, gone
}

// begin has each new target of notices begin at the current end of the audit trail. It
// comes before any work of the edition.
func (e *edition) begin(ctx context.Context) error {
	return e.notices.Begin(ctx, e.ledger.SiteNames())
}

// start begins the background work.
func (e *edition) start(ctx context.Context) error {
	if err := e.scheduler.Start(ctx); err != nil {
		return err
	}
	e.runner.Start(e.stop, &e.tasks)
	e.tasks.Go(func() { e.replica.duties.Run(e.stop, "marker", e.marker.Run) })
	e.tasks.Go(func() { e.replica.duties.Run(e.stop, "notices", e.notices.Run) })
	e.tasks.Go(func() { e.replica.duties.Run(e.stop, "retention", e.pruner().Run) })
	return nil
}

// end cancels the edition's work and waits for its end.
func (e *edition) end() {
	e.stopNow()
	e.scheduler.Wait()
	e.tasks.Wait()
}

// pruner removes old history.
func (e *edition) pruner() *retention.Pruner {
	return retention.New(retention.Options{
		Rows: e.ledger.Retention(), Policy: e.config.Keep.Retention(), Folder: e.config.Keep.Export, Log: e.log,
		Removed: e.metrics.HistoryRemoved, Failed: e.metrics.HistoryFailed,
	})
}

// hours are the business hours of the sites, as their schedules define them.
func (e *edition) hours() map[string]calendar.Hours {
	hours := map[string]calendar.Hours{}
	for name, all := range e.schedules {
		hours[name] = calendar.HoursOf(all)
	}
	return hours
}

// handOffs are the targets of hand-offs, without those in a dry run.
func (e *edition) handOffs() []ledger.NoticeTarget {
	var all []ledger.NoticeTarget
	for name, site := range e.config.Sites {
		for _, t := range site.HandOffs() {
			if !t.DryRun {
				all = append(all, ledger.NoticeTarget{Site: name, Name: t.Name})
			}
		}
	}
	return all
}

// publicURLs are the public addresses of the sites, by name.
func publicURLs(c config.Config) map[string]string {
	urls := map[string]string{}
	for name, site := range c.Sites {
		urls[name] = site.URL
	}
	return urls
}

// job is the job that the runner gets for a dispatch.
func (e *edition) job(site string, d release.SendDispatch) runner.Job {
	return runner.Job{
		Site: site, Release: d.Release, Token: d.Token, RollbackTo: d.RollbackTo,
		AppURL: e.config.URL,
		Bearer: e.auth.MintJob(site, d.Release),
	}
}

// withClosed adds the sites that are not served to a configuration: those with mistakes,
// and those in the ledger that are no longer configured. They keep their settings from the
// edition before, so that a run under way is followed.
func withClosed(c config.Config, broken []config.Broken, known []string, before *edition) (config.Config, map[string]config.Closed) {
	c.Sites = maps.Clone(c.Sites)
	closed := map[string]config.Closed{}
	if c.Sites == nil {
		c.Sites = map[string]config.Site{}
	}
	put := func(name string, why config.Closed) {
		if _, ok := c.Sites[name]; ok {
			return
		}
		var last config.Site
		if before != nil {
			last = before.config.Sites[name]
		}
		c.Sites[name], closed[name] = last.Close(name, why.Why), why
	}
	for _, b := range broken {
		put(b.Name, config.Closed{Why: b.Why()})
	}
	for _, name := range known {
		put(name, config.Closed{Why: "the site is no longer configured", Gone: true})
	}
	if before != nil { // the ledger knows no site without a request
		for name := range before.config.Sites {
			put(name, config.Closed{Why: "the site is no longer configured", Gone: true})
		}
	}
	return c, closed
}

// unconfigured is the runner of sites whose configuration, and so whose runner, is unknown.
type unconfigured struct{ runner.Runner }

var errUnconfigured = errors.New("the site is not configured, so its run can't be looked up")

// Dispatch refuses.
func (unconfigured) Dispatch(context.Context, runner.Job) (release.Run, error) {
	return release.Run{}, &runner.Refused{Why: "the site is not configured", Fault: release.FaultPressrun}
}

// Find fails: the runner is unknown.
func (unconfigured) Find(context.Context, runner.Job) (runner.Finding, error) {
	return runner.Finding{}, errUnconfigured
}

// LookUp fails: the runner is unknown.
func (unconfigured) LookUp(context.Context, string, int64, release.Run) (release.Event, error) {
	return nil, errUnconfigured
}

// Cancel fails: the runner is unknown.
func (unconfigured) Cancel(context.Context, string, int64, release.Run) error {
	return errUnconfigured
}
