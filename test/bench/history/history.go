// Package history writes ledgers as years of use leave them, for benchmarks.
package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// Size is how much has happened to a site.
type Size struct{ Releases, Requests int }

// subjects and askers are what the requests of the history are about, and of whom.
var (
	subjects = []string{"Opening hours", "Story time for toddlers", "Board of trustees", "Book sale in the main hall", "Holiday closings", "New on the shelves", "Branch directions", "Interlibrary loans"}
	askers   = []string{"Ada Lovelace", "Maria Sánchez", "Jun Tanaka", "Grace Hopper", "Katherine Johnson"}
)

// Write plays years of releases of some sites into a new ledger in a state folder, by the
// rules: each takes up what was asked for before.
func Write(ctx context.Context, state string, sites []string, size Size) (err error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	policies := map[string]release.Policy{}
	for _, site := range sites {
		policies[site] = release.DefaultPolicy()
	}
	l, err := ledger.Open(ctx, sqlite.At(filepath.Join(state, "pressrun.db")), ledger.Options{Sites: policies})
	if err != nil {
		return fmt.Errorf("open a ledger for the history: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	errs := make([]error, len(sites))
	var playing sync.WaitGroup
	for i, site := range sites { // together they share commits
		playing.Go(func() { errs[i] = years(ctx, l, site, size) })
	}
	playing.Wait()
	return errors.Join(errs...)
}

// years are those of one site.
func years(ctx context.Context, l *ledger.Ledger, site string, size Size) error {
	each, asked := size.Requests/size.Releases, 0
	for number := int64(1); number <= int64(size.Releases); number++ {
		if err := ask(ctx, l, site, asked, each-1); err != nil { // the run asks for one more
			return err
		}
		asked += each
		if err := play(ctx, l, site, number); err != nil {
			return fmt.Errorf("play release #%d of %s: %w", number, site, err)
		}
	}
	return nil
}

// ask makes some requests at once, which share a commit.
func ask(ctx context.Context, l *ledger.Ledger, site string, from, count int) error {
	errs := make([]error, count)
	var crowd sync.WaitGroup
	for i := range count {
		crowd.Go(func() {
			n := from + i
			_, errs[i] = l.Accept(ctx, ledger.Request{
				Site: site, Source: release.FromContent, Actor: askers[n%len(askers)],
				Title:  fmt.Sprintf("%s, number %d", subjects[n%len(subjects)], n),
				Entity: fmt.Sprint("node/", n%5000), Link: fmt.Sprintf("https://www.library.example/pages/%d", n%5000),
			})
		})
	}
	crowd.Wait()
	return errors.Join(errs...)
}

// play is a run that takes up what waits, and succeeds.
func play(ctx context.Context, l *ledger.Ledger, site string, number int64) error {
	run := release.Run{ID: fmt.Sprint("run-", number), Attempt: 1}
	if _, err := l.ClaimTurn(ctx, ledger.Request{Site: site, Source: release.FromWorkflow, Actor: "a workflow"}, release.Claim{Run: run}); err != nil {
		return err
	}
	for i, to := range []release.State{release.InProgress, release.Complete, release.Ready} {
		if _, err := l.Decide(ctx, site, release.Report{Release: number, Run: run, Sequence: int64(i) + 1, To: to}); err != nil {
			return err
		}
	}
	return nil
}
