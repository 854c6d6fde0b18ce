package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
)

// fakeRunner takes every job and leaves it to the test to play the run.
type fakeRunner struct {
	mu   sync.Mutex
	jobs chan runner.Job
	runs map[string]release.Run // by token
	ends map[string]release.Event
	err  error
	// output is that of every run; "" for none.
	output string
}

func newFakeRunner() *fakeRunner {
	return &fakeRunner{jobs: make(chan runner.Job, 100), runs: map[string]release.Run{}, ends: map[string]release.Event{}}
}

func (f *fakeRunner) Dispatch(_ context.Context, job runner.Job) (release.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return release.Run{}, f.err
	}
	run := release.Run{ID: fmt.Sprint("run-", len(f.runs)+1), Attempt: 1}
	f.runs[job.Token] = run
	f.jobs <- job
	return run, nil
}

func (f *fakeRunner) Find(_ context.Context, job runner.Job) (runner.Finding, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	run, ok := f.runs[job.Token]
	return runner.Finding{Run: run, Found: ok, Final: true}, nil
}

func (f *fakeRunner) LookUp(_ context.Context, _ string, _ int64, run release.Run) (release.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e, ok := f.ends[run.ID]; ok {
		return e, nil
	}
	return release.RunSeen{Run: run}, nil
}

func (f *fakeRunner) Cancel(context.Context, string, int64, release.Run) error { return nil }
func (f *fakeRunner) Log(context.Context, string, int64) (io.ReadCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.output != "" {
		return io.NopCloser(strings.NewReader(f.output)), nil
	}
	return nil, fs.ErrNotExist
}
func (f *fakeRunner) Reattach(context.Context) error { return nil }
func (f *fakeRunner) Close() error                   { return nil }

var _ runner.Runner = (*fakeRunner)(nil)

const operatorToken = "an operator's token, of which only the hash is configured"

// noPublic is a network without any site's public address.
type noPublic struct{}

func (noPublic) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("the tests have no public network")
}

type bench struct {
	app    *App
	runner *fakeRunner
	url    string
	client *api.Client
}

func start(t *testing.T, change func(*config.Config)) *bench {
	t.Helper()
	return startWith(t, Options{}, change)
}

// startWith is start with further options.
func startWith(t *testing.T, opts Options, change func(*config.Config)) *bench {
	t.Helper()
	zero := config.Duration(0)
	conf := config.Config{
		State: t.TempDir(), Listen: "127.0.0.1:0", Pages: config.Pages{Access: "token"},
		Tokens: []config.Token{{Name: "ops", Role: "operator", SHA256: auth.HashToken(operatorToken)}},
		Sites:  map[string]config.Site{"www": {Title: "The library", TimeZone: "America/New_York", Runner: "local", Quiet: &zero}},
	}
	if change != nil {
		change(&conf)
	}
	opts.Config = conf
	return serving(t, opts)
}

// serving is an app that runs and is served until the test ends, with a runner
// that the test plays.
func serving(t *testing.T, opts Options) *bench {
	t.Helper()
	b := &bench{runner: newFakeRunner()}
	if opts.PublicTransport == nil {
		opts.PublicTransport = noPublic{}
	}
	opts.NewRunner = func(runner.OnEvent) (runner.Runner, error) { return b.runner, nil }
	var err error
	if b.app, err = New(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	if err := b.app.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(b.app.Handler())
	t.Cleanup(func() {
		b.app.stopNow()
		srv.Close()
		if err := b.app.Close(); err != nil {
			t.Error(err)
		}
	})
	b.url = srv.URL
	b.client, err = api.NewClient(srv.URL, operatorToken, api.Options{Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run plays a run of a job up to a state.
func (b *bench) run(t *testing.T, job runner.Job, upto release.State) {
	t.Helper()
	ctx := t.Context()
	b.runner.mu.Lock()
	id := b.runner.runs[job.Token]
	b.runner.mu.Unlock()
	run := api.Run{ID: id.ID, Attempt: 1}
	claim, err := b.client.WithToken(job.Bearer).Claim(ctx, job.Site, api.ClaimInput{Release: job.Release, Token: job.Token, Run: run})
	if err != nil {
		t.Fatal(err)
	}
	session := b.client.WithToken(claim.Session)
	for i, s := range []release.State{release.InProgress, release.Complete, release.Ready} {
		if _, err := session.Report(ctx, job.Site, job.Release, api.ReportInput{Run: run, Sequence: int64(i + 1), State: s}); err != nil {
			t.Fatalf("report %s: %v", s, err)
		}
		if s == upto {
			return
		}
	}
}

func (b *bench) job(t *testing.T) runner.Job {
	t.Helper()
	return eventually.Receives(t, "a dispatch", b.runner.jobs)
}

func TestAskingEndsWithTheChangeLive(t *testing.T) { askingEndsLive(t, start(t, nil)) }

// askingEndsLive is the life of a request, whatever the database.
func askingEndsLive(t *testing.T, b *bench) {
	t.Helper()
	asked, err := b.client.Ask(t.Context(), "www", "k1", api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: "New hours"})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	got, err := b.client.Request(t.Context(), asked.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != release.Live || got.Release != 1 || got.LiveAt == nil {
		t.Errorf("got %+v", got)
	}
	t.Log(got.Text)
	site, err := b.client.Site(t.Context(), "www")
	if err != nil || site.State != release.Ready {
		t.Errorf("site: %+v %v", site, err)
	}
	t.Log(site.Text)
	d, err := b.client.Release(t.Context(), "www", 1)
	if err != nil || len(d.Served) != 1 || len(d.Events) < 6 {
		t.Errorf("release: %+v %v", d, err)
	}
}
