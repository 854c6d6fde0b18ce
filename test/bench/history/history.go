// Package history writes ledgers as years of use leave them, for benchmarks.
package history

import (
	"context"
	"database/sql"
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
// rules: each takes up what was asked for before. All sites have the same history.
func Write(ctx context.Context, state string, sites []string, size Size) (err error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	policies := map[string]release.Policy{}
	for _, site := range sites {
		policies[site] = release.DefaultPolicy()
	}
	path := filepath.Join(state, "pressrun.db")
	if err := first(ctx, path, policies, sites[0], size); err != nil {
		return err
	}
	return copies(ctx, path, sites)
}

// first plays the history of one site.
func first(ctx context.Context, path string, policies map[string]release.Policy, site string, size Size) (err error) {
	l, err := ledger.Open(ctx, sqlite.At(path), ledger.Options{Sites: policies})
	if err != nil {
		return fmt.Errorf("open a ledger for the history: %w", err)
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	if err := years(ctx, l, site, size); err != nil {
		return err
	}
	return l.Indexed(ctx)
}

// copies gives the other sites the history of the first one: to play it for each would take
// as long again. Their requests are found by no search.
func copies(ctx context.Context, path string, sites []string) (err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return fmt.Errorf("open the ledger to copy a history: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for i, site := range sites[1:] {
		for _, text := range []string{
			`INSERT INTO sites (name, state, doc, updated_us) SELECT $1, state, replace(doc, '"' || name || '"', '"' || $1 || '"'), updated_us FROM sites WHERE name = $2 AND $3 >= 0`,
			`INSERT INTO requests (id, site, idem_key, place, source, actor, title, link, entity, reason, accepted_us, not_before_us)
				SELECT id || '-' || $3, $1, idem_key, place, source, actor, title, link, entity, reason, accepted_us, not_before_us FROM requests WHERE site = $2`,
			`INSERT INTO releases (site, number, outcome, after_place, upto_place, opened_us, live_us, ended_us, doc, metrics)
				SELECT $1, number, outcome, after_place, upto_place, opened_us, live_us, ended_us, doc, metrics FROM releases WHERE site = $2 AND $3 >= 0`,
			`INSERT INTO events (id, site, at_us, kind, release_no, request_id, actor, why)
				SELECT id + $3 * (SELECT MAX(id) FROM events WHERE site = $2), $1, at_us, kind, release_no,
				CASE request_id WHEN '' THEN '' ELSE request_id || '-' || $3 END, actor, why FROM events WHERE site = $2`,
		} {
			if _, err := db.ExecContext(ctx, text, site, sites[0], i+1); err != nil {
				return fmt.Errorf("copy the history of %s to %s: %w", sites[0], site, err)
			}
		}
	}
	if _, err := db.ExecContext(ctx, `UPDATE request_search_upto SET event_id = (SELECT MAX(id) FROM events)`); err != nil {
		return fmt.Errorf("leave the copies out of the index: %w", err)
	}
	return nil
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
