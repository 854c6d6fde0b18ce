package app

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// alone is an app that nobody serves, whose clock may be the test's. It is
// closed when the test ends.
func alone(t *testing.T, state string, runs runner.Runner) *App {
	t.Helper()
	a, err := New(t.Context(), Options{
		Config:    config.Config{State: state, Sites: map[string]config.Site{"www": {Runner: "local"}}},
		NewRunner: func(runner.OnEvent) (runner.Runner, error) { return runs, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestARunsCredentialsEndWithItsRelease(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := alone(t, dir, newFakeRunner())
		job, session := a.mintJob("www", 1), a.mintSession(grant{Site: "www", Release: 1, Run: "r", Attempt: 1})
		is := func(when string, want string) {
			t.Helper()
			for credential, role := range map[string]role{job: roleJob, session: roleSession} {
				got := "nobody"
				if c := a.bearer(t.Context(), credential); c != nil && c.refused != nil {
					got = c.refused.Code
				} else if c != nil && c.role == role && c.grant.Release == 1 {
					got = "let in"
				}
				if got != want {
					t.Errorf("%s, a %s is %s, want %s", when, role, got, want)
				}
			}
		}
		is("before the release", "let in")
		if _, _, err := a.ledger.Ask(t.Context(), ledger.Request{Site: "www", Source: release.FromEditor}); err != nil {
			t.Fatal(err)
		}
		is("while it waits", "let in")
		time.Sleep(2 * afterwards)
		if _, err := a.ledger.Tick(t.Context(), "www", "token"); err != nil {
			t.Fatal(err)
		}
		if _, err := a.ledger.Decide(t.Context(), "www", release.DispatchConfirmed{Token: "token", Run: release.Run{ID: "r", Attempt: 1}}); err != nil {
			t.Fatal(err)
		}
		is("while it lasts", "let in")
		if _, err := a.ledger.Decide(t.Context(), "www", release.ResetSite{Act: release.Act{By: "ops", Why: "lost"}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(afterwards - time.Minute)
		is("when it has just ended", "let in")
		time.Sleep(2 * time.Minute)
		is("when it has ended", "unauthorized")
	})
}

func TestACredentialOfAReleaseThatNeverEndsExpires(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := alone(t, dir, newFakeRunner())
		for _, c := range []struct {
			credential string
			life       time.Duration
		}{
			{a.mintJob("www", 1), jobLife},
			{a.mintSession(grant{Site: "www", Release: 1, Run: "r", Attempt: 1}), sessionLife - jobLife},
		} {
			time.Sleep(c.life - time.Minute)
			if a.bearer(t.Context(), c.credential) == nil {
				t.Errorf("%.4s… is worthless before its time", c.credential)
			}
			time.Sleep(time.Minute)
			if a.bearer(t.Context(), c.credential) != nil {
				t.Errorf("%.4s… is good after its time", c.credential)
			}
		}
		if a.bearer(t.Context(), a.keys.mint(kindJob, grant{Site: "www", Release: 1})) != nil {
			t.Error("a credential without an end is good")
		}
	})
}

// A run on this machine has nothing but what it was handed to get a new session
// with: both last for as long as the run may.
func TestNoRunOnThisMachineOutlivesItsCredentials(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a := alone(t, dir, newFakeRunner())
		limit := config.Duration(30 * 24 * time.Hour)
		a.config.Sites["www"] = config.Site{Runner: "local", Limit: &limit}
		job, session := a.mintJob("www", 1), a.mintSession(grant{Site: "www", Release: 1, Run: "r", Attempt: 1})
		time.Sleep(limit.Std())
		if a.bearer(t.Context(), job) == nil || a.bearer(t.Context(), session) == nil {
			t.Error("a credential ended before its run's limit")
		}
		time.Sleep(2 * afterwards)
		if a.bearer(t.Context(), job) != nil || a.bearer(t.Context(), session) != nil {
			t.Error("a credential is good long after its run's limit")
		}
	})
}

func TestTheLastWordsOfARunAreHeardAfterItsEnd(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	job := b.job(t)
	b.run(t, job, release.Ready)
	run := api.Run{ID: "run-1", Attempt: 1}
	session := b.client.WithToken(b.app.mintSession(grant{Site: "www", Release: 1, Run: "run-1", Attempt: 1}))
	if _, err := session.Report(t.Context(), "www", 1, api.ReportInput{Run: run, Sequence: 3, State: release.Ready}); err != nil {
		t.Errorf("its last report again: %v", err)
	}
	_, err := b.client.WithToken(job.Bearer).Claim(t.Context(), "www", api.ClaimInput{Release: 1, Token: job.Token, Run: api.Run{ID: "run-2", Attempt: 1}})
	if p, ok := errors.AsType[*api.Problem](err); !ok || p.Status != http.StatusConflict {
		t.Errorf("a second run is told %v", err)
	}
}

// Jobs of one run claim its release one after the other: each learns where the
// one before it ended, and an attempt of its own begins anew.
func TestAClaimTellsWhereTheRunsReportsAre(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	job := b.job(t)
	b.run(t, job, release.InProgress)
	for i, want := range []int64{1, 0} {
		attempt := i + 1
		got, err := b.client.WithToken(job.Bearer).Claim(t.Context(), "www", api.ClaimInput{Release: 1, Token: job.Token, Run: api.Run{ID: "run-1", Attempt: attempt}})
		if err != nil || got.Sequence != want {
			t.Errorf("attempt %d goes on from report %d, %v; want %d", attempt, got.Sequence, err, want)
		}
	}
}

// A caller who goes away ends what is read for it: that is no fault of the app's.
func TestACallerWhoHasGoneIsNoFaultInTheLog(t *testing.T) {
	a := alone(t, t.TempDir(), newFakeRunner())
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, nil))
	ctx, gone := context.WithCancel(t.Context())
	gone()
	if c := a.bearer(ctx, a.mintJob("www", 1)); c == nil || c.refused == nil || c.refused.Status != http.StatusServiceUnavailable {
		t.Errorf("a credential that could not be looked up is %+v", c)
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
	a.logFor(t.Context()).Error("a webhook can't be kept")
	if !strings.Contains(log.String(), "can't be kept") {
		t.Error("what fails for a caller who waits is not in the log")
	}
}

// Two apps that start at once on an empty folder: the one that does not get the
// ledger must not leave a key that the other one does not have.
func TestOnlyTheAppThatHasTheLedgerMakesTheKey(t *testing.T) {
	state := t.TempDir()
	first, err := ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(state, "pressrun.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = New(t.Context(), Options{Config: config.Config{State: state}, NewRunner: func(runner.OnEvent) (runner.Runner, error) { return newFakeRunner(), nil }})
	if _, ok := errors.AsType[*ledger.InUse](err); !ok {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(state, "key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it left a key: %v", err)
	}
}
