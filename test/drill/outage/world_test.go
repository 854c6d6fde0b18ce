package outage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/fakegithub"
	"github.com/pressrun/pressrun/test/memory"
)

const (
	appURL = "http://pressrun.test"
	// glance is how often the app is held against GitHub.
	glance     = 2 * time.Second
	hookSecret = "the webhooks' secret"
)

// plan is what a run is going to do. A run that dies says nothing any more.
type plan struct {
	queue, work time.Duration
	dies        string // GitHub's conclusion, "" for a run that publishes
}

// figures are what the drill counts.
type figures struct {
	releases, falseResets, extraWithEffect int
	lag                                    time.Duration
	lost                                   int64
	// latest is the longest that a dispatch came after it was due, counted from
	// the end of the outage at the earliest.
	latest time.Duration
}

// world is the app with its sites, all of one installation, and GitHub.
type world struct {
	t      *testing.T
	github *fakegithub.Server
	app    *app.App
	sites  []string
	client *api.Client
	plan   func(r *rand.Rand) plan

	mu      sync.Mutex
	rng     *rand.Rand
	runs    sync.WaitGroup
	effects map[string]int // releases that a run began to build, and how often
	figures figures
	over    map[string]int64 // the newest release that ended, by site
	mended  time.Time        // the end of the outage, zero before it
}

// silent listens to nobody: the handler is called without a network.
type silent struct {
	once   sync.Once
	closed chan struct{}
}

func (s *silent) Accept() (net.Conn, error) { <-s.closed; return nil, net.ErrClosed }
func (s *silent) Close() error              { s.once.Do(func() { close(s.closed) }); return nil }
func (s *silent) Addr() net.Addr            { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func newWorld(t *testing.T, seed uint64, sites int, hooks func(fakegithub.Hook) fakegithub.HookPlan) *world {
	t.Helper()
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), effects: map[string]int{}, over: map[string]int64{}}
	w.plan = func(r *rand.Rand) plan { return plan{queue: seconds(r, 5, 40), work: seconds(r, 60, 300)} }
	var err error
	if w.github, err = fakegithub.Start(fakegithub.Options{InProcess: true, OnDispatch: w.begin}); err != nil {
		t.Fatal(err)
	}
	dir := memory.Folder(t)
	for name, text := range map[string]string{"key": string(w.github.KeyPEM()), "hook": hookSecret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conf := config.Config{
		State: filepath.Join(dir, "state"), URL: appURL, Pages: config.Pages{Access: "token"}, Sites: map[string]config.Site{},
		GitHub: config.GitHub{
			Kind: "github", URL: "https://github.com", APIURL: w.github.URL, AppID: int(w.github.AppID), KeyFile: filepath.Join(dir, "key"),
			Issuer: w.github.Issuer(), WebhookSecretFiles: []string{filepath.Join(dir, "hook")},
		},
	}
	if os.Getenv("PRESSRUN_DRILL_FULL") == "" {
		sites = max(sites/8, 3) // a glance, as part of every test run
	}
	no := false
	var workflows []*fakegithub.Workflow
	for i := range sites {
		name, flow := fmt.Sprintf("site-%02d", i), fakegithub.ContentRelease()
		flow.File = name + ".yml"
		workflows = append(workflows, flow)
		w.sites = append(w.sites, name)
		conf.Sites[name] = config.Site{
			Title: name, TimeZone: "UTC", Runner: "github",
			GitHub: config.SiteGitHub{Repository: "acme/www", Workflow: flow.File, Ref: "main", Environment: "production", Deployments: &no},
		}
	}
	w.github.AddRepo("acme", "www", workflows...)
	w.start(conf, hooks)
	return w
}

func (w *world) start(conf config.Config, hooks func(fakegithub.Hook) fakegithub.HookPlan) {
	t := w.t
	var err error
	w.app, err = app.New(t.Context(), app.Options{
		Config: conf, GitHubTransport: w.github.Transport(),
		NewRunner: func(runner.OnEvent) (runner.Runner, error) { return runner.BySite{}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	direct := fakegithub.Direct(w.app.Handler())
	w.github.Change(func(o *fakegithub.Options) { o.HookTransport = direct })
	w.github.SetHook(appURL+"/v1/github/webhooks", hookSecret, hooks)
	if w.client, err = api.NewClient(appURL, "", api.Options{Tries: 1, Transport: direct}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ready, over := make(chan struct{}), make(chan error, 1)
	go func() {
		over <- w.app.Serve(ctx, &silent{closed: make(chan struct{})}, func(net.Addr) { close(ready) })
	}()
	<-ready
	t.Cleanup(func() {
		w.runs.Wait()
		stop()
		if err := <-over; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("the app ended with %v", err)
		}
		w.github.Close()
		for _, v := range w.github.Violations() {
			t.Errorf("against GitHub's description: %s", v)
		}
	})
}

func seconds(r *rand.Rand, from, to int) time.Duration {
	return time.Duration(from+r.IntN(to-from)) * time.Second
}

// begin plays a run, from GitHub's queue to its end.
func (w *world) begin(run fakegithub.Run) {
	w.mu.Lock()
	p := w.plan(w.rng)
	w.runs.Add(1)
	w.mu.Unlock()
	defer w.runs.Done()
	time.Sleep(p.queue)
	if p.dies == "startup_failure" {
		_ = w.github.Step(run.ID, "completed", p.dies) // unless it was cancelled
		return
	}
	if w.github.Step(run.ID, "in_progress", "") != nil {
		return // cancelled
	}
	if conclusion := w.work(run, p); conclusion != "" {
		_ = w.github.Step(run.ID, "completed", conclusion) // unless it was cancelled
	}
}

// work does what the action does in a run. It gives the run's conclusion.
func (w *world) work(run fakegithub.Run, p plan) string {
	ctx, site := context.Background(), run.Inputs["site"]
	number, err := strconv.ParseInt(run.Inputs["release"], 10, 64)
	if err != nil {
		return "failure"
	}
	name := api.Run{ID: strconv.FormatInt(run.ID, 10), Attempt: run.Attempt}
	var got api.ClaimResult
	for try := 0; ; try++ {
		got, err = w.client.WithToken(w.github.IDToken(run, appURL, nil)).Claim(ctx, site, api.ClaimInput{Release: number, Token: run.Inputs["token"], Run: name})
		if err == nil {
			break
		}
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status == 409 {
			return "success" // another run has it, or it is over: nothing to do
		}
		if try > 60 {
			return "failure"
		}
		time.Sleep(10 * time.Second)
	}
	session := w.client.WithToken(got.Session)
	report := func(n int64, s release.State) error {
		_, err := session.Report(ctx, site, got.Release, api.ReportInput{Run: name, Sequence: n, State: s})
		return err
	}
	if report(1, release.InProgress) != nil {
		return "failure"
	}
	w.mu.Lock()
	w.effects[site+"#"+run.Inputs["release"]]++
	w.mu.Unlock()
	for end := time.Now().Add(p.work); time.Now().Before(end); time.Sleep(15 * time.Second) {
		if session.Heartbeat(ctx, site, got.Release, api.HeartbeatInput{Run: name}) != nil {
			return "failure" // taken away
		}
	}
	if p.dies != "" {
		return p.dies
	}
	if report(2, release.Complete) != nil || report(3, release.Ready) != nil {
		return "failure"
	}
	return "success"
}

// live lets time go by, asking for releases now and then, and looks all the
// time whether the app knows what GitHub knows.
func (w *world) live(span, askEvery time.Duration) {
	next := map[string]time.Time{}
	for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(glance) {
		for _, name := range w.sites {
			if askEvery > 0 && !time.Now().Before(next[name]) {
				w.ask(name)
				w.mu.Lock()
				next[name] = time.Now().Add(askEvery/2 + time.Duration(w.rng.Int64N(int64(askEvery))))
				w.mu.Unlock()
			}
			w.look(name)
		}
	}
}

func (w *world) ask(site string) {
	w.t.Helper()
	if _, err := w.app.Ledger().Accept(context.Background(), ledger.Request{Site: site, Source: release.FromEditor, Actor: "Ada"}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) site(name string) release.Site {
	w.t.Helper()
	s, err := w.app.Ledger().Site(context.Background(), name)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// look holds a site against what GitHub says of its run.
func (w *world) look(name string) {
	w.t.Helper()
	s := w.site(name)
	if run, ok := w.runOf(s.Current); ok && run.Status == "completed" {
		w.figures.lag = max(w.figures.lag, time.Since(run.Updated))
	}
	if due := w.dueSince(s); !due.IsZero() {
		w.figures.latest = max(w.figures.latest, time.Since(due))
	}
	if s.Last.Number <= w.over[name] {
		return
	}
	w.over[name] = s.Last.Number
	w.figures.releases++
	if run, ok := w.runOf(s.Last); ok && run.Status != "completed" && s.Last.Outcome != release.Succeeded {
		w.figures.falseResets++
		w.t.Errorf("release #%d of %s ended as %s (%s) while its run is %s", s.Last.Number, name, s.Last.Outcome, s.Last.Why, run.Status)
	}
}

// dueSince is since when a site that GitHub could serve waits for its dispatch
// to be confirmed, and zero for one that waits for something else or for
// nothing: a retry's time, an editor, a run that is on its way.
func (w *world) dueSince(s release.Site) time.Time {
	if w.mended.IsZero() || s.State != release.Requested {
		return time.Time{}
	}
	due := s.Current.Dispatch.Intended
	if s.Current.Dispatch.Token == "" {
		due = s.DispatchDue(time.Now()).At
	}
	if due.IsZero() || due.After(time.Now()) {
		return time.Time{}
	}
	if due.Before(w.mended) {
		return w.mended
	}
	return due
}

func (w *world) runOf(r release.Release) (fakegithub.Run, bool) {
	id, err := strconv.ParseInt(r.Run.ID, 10, 64)
	if err != nil {
		return fakegithub.Run{}, false
	}
	return w.github.Run(id)
}

// settle waits until every request is live; editors ask again where a site
// was held meanwhile. It counts what is not live at the end.
func (w *world) settle(limit time.Duration) {
	for _, name := range w.sites {
		w.ask(name)
	}
	for end := time.Now().Add(limit); time.Now().Before(end) && w.open() > 0; {
		w.live(time.Minute, 0)
		for _, name := range w.sites {
			if s := w.site(name); s.Hold.On() { // somebody sees the notice
				w.ask(name)
			}
		}
	}
	w.figures.lost = w.open()
	for _, n := range w.effects {
		w.figures.extraWithEffect += n - 1
	}
}

func (w *world) open() int64 {
	var n int64
	for _, name := range w.sites {
		s := w.site(name)
		n += s.Accepted - s.Served
	}
	return n
}

// dispatched are the times of all dispatches that were sent, in order.
func (w *world) dispatched() []time.Time {
	var out []time.Time
	for _, c := range w.github.Calls() {
		if strings.HasSuffix(c.Path, "/dispatches") {
			out = append(out, c.At)
		}
	}
	return out
}
