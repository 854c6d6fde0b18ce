package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// content is a CMS whose fingerprint can be read, or not, or never answers.
type content struct {
	value string
	err   error
	hangs bool
	reads int
}

func (c *content) Fingerprint(ctx context.Context, _ string) (string, error) {
	c.reads++
	if c.hangs {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return c.value, c.err
}

// life is one life of the app: it ends as suddenly as a crash.
func life(t *testing.T, dir string, of *content, live func(l *ledger.Ledger)) {
	t.Helper()
	policy := release.DefaultPolicy()
	policy.Fingerprint = true
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(dir, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": policy}})
	if err != nil {
		t.Fatal(err)
	}
	stop, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := New(stop, Options{
		Ledger: l, Outbox: l.Outbox(), Looks: l.Schedules(), Runner: runner.Plain{Runner: newFakeRunner()}, Log: slog.New(slog.DiscardHandler), Fingerprints: of,
		NewJob: func(site string, d release.SendDispatch) runner.Job {
			return runner.Job{Site: site, Release: d.Release, Token: d.Token}
		},
	})
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	live(l)
	cancel()
	s.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func asks(t *testing.T, l *ledger.Ledger, source release.Source) ledger.Accepted {
	t.Helper()
	got, err := l.Accept(t.Context(), ledger.Request{Site: "www", Source: source, Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func www(t *testing.T, l *ledger.Ledger) release.Site {
	t.Helper()
	site, err := l.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	return site
}

// goesLive carries the dispatched release out.
func goesLive(t *testing.T, l *ledger.Ledger) {
	t.Helper()
	site := www(t, l)
	run := site.Current.Run
	events := []release.Event{release.Claim{Release: site.Number, Token: site.Current.Dispatch.Token, Run: run}}
	for i, to := range []release.State{release.InProgress, release.Complete, release.Ready} {
		events = append(events, release.Report{Release: site.Number, Run: run, Sequence: int64(i + 1), To: to})
	}
	for _, e := range events {
		if _, err := l.Decide(t.Context(), "www", e); err != nil {
			t.Fatalf("%T: %v", e, err)
		}
	}
}

func TestAReleaseOfUnchangedContentEndsInSecondsWhateverCrashes(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		life(t, dir, &content{value: "one"}, func(l *ledger.Ledger) {
			asks(t, l, release.FromEditor)
			time.Sleep(time.Minute)
			goesLive(t, l)
		})
		hung := &content{hangs: true}
		life(t, dir, hung, func(l *ledger.Ledger) {
			asks(t, l, release.FromSchedule)
			time.Sleep(20 * time.Second)
		})
		if hung.reads != 1 {
			t.Fatalf("it was read %d times", hung.reads)
		}
		time.Sleep(time.Hour) // down
		life(t, dir, &content{value: "one"}, func(l *ledger.Ledger) {
			time.Sleep(5 * time.Second)
			site := www(t, l)
			if site.State != release.Ready || site.Last.Outcome != release.Unchanged || site.Served != 2 || site.Number != 2 || site.Live.Number != 1 {
				t.Fatalf("after the restart: %+v", site)
			}
			if due, next, err := l.Outbox().Tasks(t.Context()); len(due) > 0 || !next.IsZero() || err != nil {
				t.Errorf("left in the outbox: %+v, %s (%v)", due, next, err)
			}
			served := asks(t, l, release.FromEditor)
			time.Sleep(time.Minute)
			if site := www(t, l); site.State != release.Dispatched || served.Request.Place != 3 {
				t.Errorf("an editor's request: %+v", site)
			}
			goesLive(t, l)
		})
		life(t, dir, &content{err: errors.New("503")}, func(l *ledger.Ledger) {
			asks(t, l, release.FromSchedule)
			time.Sleep(15 * time.Second)
			if site := www(t, l); site.State != release.Dispatched || site.Number != 4 {
				t.Errorf("content of which nothing is known: %+v", site)
			}
		})
	})
}
