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

// edition is the app by one configuration, which never changes. A reload makes the next one
// whole before it takes this one's place.
type edition struct {
	*App
	config config.Config
	// closed are the sites that are not served, and why.
	closed    map[string]config.Closed
	schedules map[string][]calendar.Schedule // of each site
	runner    runner.Provider
	// lookAtPreviews has those looked at at once of which something was asked.
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
	succeeds    bool // another edition
	tasks       sync.WaitGroup
	// stop ends what was begun by this configuration.
	stop    context.Context //nolint:containedctx // the edition's own life
	stopNow context.CancelFunc
}

// edition makes the app by a configuration. Nothing of it runs yet, and what runs is left as
// it is. before is the one whose place it takes, nil for none.
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
	if e.hooks, err = hooks.New(hooks.Options{Config: e.config, Ledger: e.ledger, Problems: e.problems, Came: e.metrics.Came}); err != nil {
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
	if e.runner, err = e.besideGitHub(ctx, kept{Provider: runner.Plain{Runner: e.plain}, adopted: !first}); err != nil {
		return err
	}
	e.auth = auth.New(auth.Options{Config: e.config, Ledger: e.ledger, Keys: e.keys, Log: e.log, Runs: e.runner, Providers: providers})
	e.scheduler = scheduler.New(e.stop, scheduler.Options{
		Ledger: e.ledger, Outbox: e.ledger.Outbox(), Looks: e.ledger.Schedules(), Runner: e.runner, Log: e.log, NewJob: e.job, Grace: e.opts.Grace, Schedules: e.schedules,
		Failed: e.disk.Note, Publisher: publisher, Fingerprints: fingerprints, Others: e.others.forScheduler(),
	})
	e.marker = marker.New(marker.Options{Ledger: e.ledger, URLs: publicURLs(e.config), Transport: e.opts.PublicTransport, Log: e.log})
	return nil
}

// kept is the runner that outlives editions: it takes over once what an earlier app left,
// and the app closes it.
type kept struct {
	runner.Provider
	adopted bool
}

// Adopt does so for the first edition.
func (k kept) Adopt(ctx context.Context) error {
	if k.adopted {
		return nil
	}
	return k.Provider.Adopt(ctx)
}

// Close leaves that to the app.
func (kept) Close() error { return nil }

// besideGitHub is the runner of all sites: GitHub for those that run there, and
// another one for the rest.
func (e *edition) besideGitHub(ctx context.Context, others runner.Provider) (runner.Provider, error) {
	hub, err := github.New(ctx, github.Options{
		Config: e.config, Ledger: e.ledger, Log: e.log, Transport: e.opts.GitHubTransport, Keys: e.keys, Accept: e.inbox.Accept, Duties: e.others.duties, Shared: e.others.shared(e.ledger),
		ShowSetup: func(w http.ResponseWriter, r *http.Request, status int, title string, body any) {
			e.pages.ShowSetup(w, r, status, title, body)
		},
		LetOperator: e.letOperator,
		Came: func(stamped, received, processed time.Time) {
			e.metrics.Came("github_actions", stamped, received, processed)
		},
	})
	if err != nil {
		return nil, err
	}
	e.unreachable, e.lookAtPreviews = e.others.unreachable(hub.Unreachable), hub.LookAtPreviews
	unknown := runner.Plain{Runner: unconfigured{}}
	of := func(site string) runner.Provider {
		switch {
		case hub.Carries(site):
			return hub
		case e.config.Sites[site].Runner == "" && e.closed[site].Why != "":
			return unknown
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

// begin is what comes before anything happens by this configuration: a new target of
// notices is told of all from here on.
func (e *edition) begin(ctx context.Context) error {
	return e.notices.Begin(ctx, e.ledger.SiteNames())
}

// start begins the work that nobody asks for.
func (e *edition) start(ctx context.Context) error {
	if err := e.scheduler.Start(ctx); err != nil {
		return err
	}
	e.runner.Start(e.stop, &e.tasks)
	e.tasks.Go(func() { e.others.duties.Run(e.stop, "marker", e.marker.Run) })
	e.tasks.Go(func() { e.others.duties.Run(e.stop, "notices", e.notices.Run) })
	e.tasks.Go(func() { e.others.duties.Run(e.stop, "retention", e.keeper().Run) })
	return nil
}

// end breaks off what was begun, and waits for it.
func (e *edition) end() {
	e.stopNow()
	e.scheduler.Wait()
	e.tasks.Wait()
}

// keeper removes old history.
func (e *edition) keeper() *retention.Keeper {
	return retention.New(retention.Options{
		Rows: e.ledger.Retention(), Policy: e.config.Keep.Retention(), Folder: e.config.Keep.Export, Log: e.log,
		Removed: e.metrics.HistoryRemoved, Failed: e.metrics.HistoryFailed,
	})
}

// hours are the business hours of the sites: when their schedules are awake.
func (e *edition) hours() map[string]calendar.Hours {
	hours := map[string]calendar.Hours{}
	for name, all := range e.schedules {
		hours[name] = calendar.HoursOf(all)
	}
	return hours
}

// handOffs are those who are handed what goes live, but not in a dry run.
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

// publicURLs are the addresses at which the sites are seen.
func publicURLs(c config.Config) map[string]string {
	urls := map[string]string{}
	for name, site := range c.Sites {
		urls[name] = site.URL
	}
	return urls
}

// job is a release as it is handed to the runner.
func (e *edition) job(site string, d release.SendDispatch) runner.Job {
	return runner.Job{
		Site: site, Release: d.Release, Token: d.Token, RollbackTo: d.RollbackTo,
		AppURL: e.config.URL,
		Bearer: e.auth.MintJob(site, d.Release),
	}
}

// withClosed is a configuration with those sites that are not served: those that have
// mistakes, and those that the ledger knows and that are no longer configured. What is
// known of them from the edition before stays, so that a run under way is followed.
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
	if before != nil { // and those that nobody has asked anything of yet
		for name := range before.config.Sites {
			put(name, config.Closed{Why: "the site is no longer configured", Gone: true})
		}
	}
	return c, closed
}

// unconfigured is the runner of sites of which not even that is known.
type unconfigured struct{ runner.Runner }

var errUnconfigured = errors.New("the site is not configured, so its run can't be asked after")

// Dispatch refuses.
func (unconfigured) Dispatch(context.Context, runner.Job) (release.Run, error) {
	return release.Run{}, &runner.Refused{Why: "the site is not configured", Fault: release.FaultPressrun}
}

// Find knows nothing.
func (unconfigured) Find(context.Context, runner.Job) (runner.Finding, error) {
	return runner.Finding{}, errUnconfigured
}

// LookUp knows nothing.
func (unconfigured) LookUp(context.Context, string, int64, release.Run) (release.Event, error) {
	return nil, errUnconfigured
}

// Cancel can't.
func (unconfigured) Cancel(context.Context, string, int64, release.Run) error {
	return errUnconfigured
}
