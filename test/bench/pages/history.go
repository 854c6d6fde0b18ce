//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// subjects and askers are what the requests of the history are about, and of whom.
var (
	subjects = []string{"Opening hours", "Story time for toddlers", "Board of trustees", "Book sale in the main hall", "Holiday closings", "New on the shelves", "Branch directions", "Interlibrary loans"}
	askers   = []string{"Ada Lovelace", "Maria Sánchez", "Jun Tanaka", "Grace Hopper", "Katherine Johnson"}
)

// writeHistory plays years of releases into a new ledger, by the rules: each takes up
// what was asked for before.
func writeHistory(ctx context.Context, path string, o options) (err error) {
	l, err := ledger.Open(ctx, sqlite.At(path), ledger.Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
	if err != nil {
		return fmt.Errorf("open a ledger for the history: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	each, asked := o.requests/o.releases, 0
	for number := int64(1); number <= int64(o.releases); number++ {
		if err := ask(ctx, l, asked, each-1); err != nil { // the run asks for one more
			return err
		}
		asked += each
		if err := play(ctx, l, number); err != nil {
			return fmt.Errorf("play release #%d: %w", number, err)
		}
	}
	return nil
}

// ask makes some requests at once, which share a commit.
func ask(ctx context.Context, l *ledger.Ledger, from, count int) error {
	errs := make([]error, count)
	var crowd sync.WaitGroup
	for i := range count {
		crowd.Go(func() {
			n := from + i
			_, errs[i] = l.Accept(ctx, ledger.Request{
				Site: "www", Source: release.FromContent, Actor: askers[n%len(askers)],
				Title:  fmt.Sprintf("%s, number %d", subjects[n%len(subjects)], n),
				Entity: fmt.Sprint("node/", n%5000), Link: fmt.Sprintf("https://www.library.example/pages/%d", n%5000),
			})
		})
	}
	crowd.Wait()
	return errors.Join(errs...)
}

// play is a run that takes up what waits, and succeeds.
func play(ctx context.Context, l *ledger.Ledger, number int64) error {
	run := release.Run{ID: fmt.Sprint("run-", number), Attempt: 1}
	if _, err := l.ClaimTurn(ctx, ledger.Request{Site: "www", Source: release.FromWorkflow, Actor: "a workflow"}, release.Claim{Run: run}); err != nil {
		return err
	}
	for i, to := range []release.State{release.InProgress, release.Complete, release.Ready} {
		if _, err := l.Decide(ctx, "www", release.Report{Release: number, Run: run, Sequence: int64(i) + 1, To: to}); err != nil {
			return err
		}
	}
	return nil
}

func ledgerOf(state string) string { return filepath.Join(state, "pressrun.db") }
