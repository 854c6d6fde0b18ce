package app

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

func TestTheLastWordsOfARunAreHeardAfterItsEnd(t *testing.T) {
	b := start(t, nil)
	b.ask(t, release.FromEditor)
	job := b.job(t)
	b.run(t, job, release.Ready)
	run := api.Run{ID: "run-1", Attempt: 1}
	session := b.client.WithToken(b.app.current.Load().auth.MintSession(auth.Grant{Site: "www", Release: 1, Run: "run-1", Attempt: 1}))
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

// Two apps that start at once on an empty folder: the one that does not get the
// ledger must not leave a key that the other one does not have.
func TestOnlyTheAppThatHasTheLedgerMakesTheKey(t *testing.T) {
	state := t.TempDir()
	first, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(state, "pressrun.db")), ledger.Options{})
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
