package scheduler

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// fakeRunner takes every job and leaves it to the test to play the run.
type fakeRunner struct {
	mu   sync.Mutex
	runs map[string]release.Run // by token
	jobs []runner.Job
	err  error
}

func newFakeRunner() *fakeRunner { return &fakeRunner{runs: map[string]release.Run{}} }

func (f *fakeRunner) Dispatch(_ context.Context, job runner.Job) (release.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return release.Run{}, f.err
	}
	run := release.Run{ID: fmt.Sprint("run-", len(f.runs)+1), Attempt: 1}
	f.runs[job.Token] = run
	f.jobs = append(f.jobs, job)
	return run, nil
}

func (f *fakeRunner) Find(_ context.Context, job runner.Job) (runner.Finding, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	run, ok := f.runs[job.Token]
	return runner.Finding{Run: run, Found: ok, Final: true}, nil
}

func (f *fakeRunner) LookUp(_ context.Context, _ string, _ int64, run release.Run) (release.Event, error) {
	return release.RunSeen{Run: run}, nil
}

func (f *fakeRunner) Cancel(context.Context, string, int64, release.Run) error { return nil }
func (f *fakeRunner) Log(context.Context, string, int64) (io.ReadCloser, error) {
	return nil, fs.ErrNotExist
}
func (f *fakeRunner) Reattach(context.Context) error { return nil }
func (f *fakeRunner) Close() error                   { return nil }

// countingLedger counts how often each site is read.
type countingLedger struct {
	*ledger.Ledger
	mu    sync.Mutex
	reads map[string]int
}

func (c *countingLedger) Site(ctx context.Context, name string) (release.Site, error) {
	c.mu.Lock()
	c.reads[name]++
	c.mu.Unlock()
	return c.Ledger.Site(ctx, name)
}

// taken gives the counts since it was called before.
func (c *countingLedger) taken() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts := maps.Clone(c.reads)
	clear(c.reads)
	return counts
}

// started opens a ledger in a folder and runs a scheduler on it until the test
// ends.
func started(t *testing.T, dir string, r runner.Runner, sites ...string) (*Scheduler, *countingLedger) {
	t.Helper()
	return startedWith(t, dir, r, func(*countingLedger, *Options) {}, sites...)
}

// startedWith is started with other options.
func startedWith(t *testing.T, dir string, r runner.Runner, change func(*countingLedger, *Options), sites ...string) (*Scheduler, *countingLedger) {
	t.Helper()
	policies := map[string]release.Policy{"www": release.DefaultPolicy()}
	for _, name := range sites {
		policies[name] = release.DefaultPolicy()
	}
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(dir, "pressrun.db")), ledger.Options{Sites: policies})
	if err != nil {
		t.Fatal(err)
	}
	counted := &countingLedger{Ledger: l, reads: map[string]int{}}
	stop, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	options := Options{
		Ledger: counted, Outbox: l.Outbox(), Looks: l.Schedules(), Runner: runner.Plain{Runner: r}, Log: slog.New(slog.DiscardHandler),
		NewJob: func(site string, d release.SendDispatch) runner.Job {
			return runner.Job{Site: site, Release: d.Release, Token: d.Token}
		},
	}
	change(counted, &options)
	s := New(stop, options)
	t.Cleanup(func() {
		cancel()
		s.Wait()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s, counted
}

func ask(t *testing.T, l *countingLedger, site string) {
	t.Helper()
	if _, err := l.Accept(t.Context(), ledger.Request{Site: site, Source: release.FromEditor}); err != nil {
		t.Fatal(err)
	}
}

func siteOf(t *testing.T, l *countingLedger, name string) release.Site {
	t.Helper()
	site, err := l.Ledger.Site(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return site
}

func TestOnlySitesThatChangedOrAreDueAreRead(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var others []string
		for i := range 50 {
			others = append(others, fmt.Sprint("other", i))
		}
		_, l := started(t, dir, newFakeRunner(), others...)
		ask(t, l, "www")
		time.Sleep(2 * time.Minute) // it is grouped, then dispatched
		site := siteOf(t, l, "www")
		if site.State != release.Dispatched {
			t.Fatalf("the site is %s", site.State)
		}
		if _, err := l.Decide(t.Context(), "www", release.Claim{Release: 1, Token: site.Current.Dispatch.Token, Run: site.Current.Run}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		l.taken()
		if _, err := l.Decide(t.Context(), "www", release.Heartbeat{Release: 1, Run: site.Current.Run, Note: "building"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		if diff := cmp.Diff(map[string]int{"www": 1}, l.taken()); diff != "" {
			t.Errorf("reads after a heartbeat (-want +got):\n%s", diff)
		}
		time.Sleep(time.Hour) // www's run falls silent, is looked for and ends
		if got := l.taken(); len(got) != 1 || got["www"] < 2 {
			t.Errorf("reads in an hour: %v", got)
		}
	})
}

func TestEachSiteIsTickedWhenItIsDue(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		runs := newFakeRunner()
		_, l := started(t, dir, runs, "docs")
		ask(t, l, "www")
		time.Sleep(5 * time.Second)
		ask(t, l, "docs")
		time.Sleep(5 * time.Minute)
		for _, name := range []string{"www", "docs"} {
			site, policy := siteOf(t, l, name), release.DefaultPolicy()
			if waited := site.Current.Dispatch.Intended.Sub(site.Current.Times.Requested); waited < policy.Quiet || waited > policy.Quiet+time.Second {
				t.Errorf("%s was dispatched after %v, its quiet time is %v", name, waited, policy.Quiet)
			}
		}
	})
}
