package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// Snapshot reads the ledger as it stood at one instant: what was committed since is not
// in it. So an answer made of several reads never mixes two instants. It is valid until
// the function that it was passed to returns.
type Snapshot struct {
	reader
	// waits caches SlotWaits.
	waits map[string]slots.Wait
}

// errInSnapshot refuses a call of the ledger by a function that reads a snapshot.
var errInSnapshot = errors.New("a snapshot of the ledger is open: read through it, and decide once it is over")

// inSnapshot marks the contexts of functions that read a snapshot.
type inSnapshot struct{}

// outsideSnapshot fails in a function that reads a snapshot. A read beside the snapshot
// would be of another instant, and could deadlock: the few connections may all hold
// snapshots whose readers wait for another connection.
func outsideSnapshot(ctx context.Context) error {
	if ctx.Value(inSnapshot{}) != nil {
		return errInSnapshot
	}
	return nil
}

// Read calls a function with a snapshot of the ledger, and returns its error. The
// function must read through the snapshot alone, with the context that it is given: with
// that context the ledger refuses its own calls, reads and decisions alike. It must not
// wait for a client: while a snapshot is open, SQLite can't empty its write-ahead log
// (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files).
func (l *Ledger) Read(ctx context.Context, answer func(context.Context, *Snapshot) error) (err error) {
	if err := outsideSnapshot(ctx); err != nil {
		return err
	}
	// PostgreSQL keeps one snapshot for a transaction only from this level on
	// (https://www.postgresql.org/docs/current/transaction-iso.html); SQLite
	// always does (https://sqlite.org/isolation.html).
	tx, err := l.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return fmt.Errorf("begin to read the ledger: %w", l.engine.Explain(err))
	}
	var unknown []string
	defer func() {
		// A context that ends has ended the transaction too.
		if e := tx.Rollback(); e != nil && !errors.Is(e, sql.ErrTxDone) {
			err = errors.Join(err, e)
		}
		l.prepared.learn(ctx, unknown)
	}()
	q := transaction{tx, l.prepared, &unknown}
	return answer(context.WithValue(ctx, inSnapshot{}, true), &Snapshot{reader: newReader(access{q: q, engine: l.engine, sites: l.sites})})
}

// Tracked is a request and its Resolution.
type Tracked struct {
	Request
	Resolution Resolution
}

// Request reads a request, its Resolution, and its site. It fails with ErrNotFound if
// there is none, and with ErrNoSite if its site is no longer configured.
func (s *Snapshot) Request(ctx context.Context, id string) (release.Site, Tracked, error) {
	var a Tracked
	var times scanned
	err := s.q.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, id).Scan(a.scanWith(&times)...)
	if errors.Is(err, sql.ErrNoRows) {
		return release.Site{}, a, s.goneRequest(ctx, id)
	}
	if err != nil {
		return release.Site{}, a, fmt.Errorf("read request %s: %w", id, s.engine.Explain(err))
	}
	a.settle(times)
	site, err := s.Site(ctx, a.Site)
	if err != nil {
		return site, a, err
	}
	a.Resolution, err = s.resolution(ctx, site, a.Place)
	return site, a, err
}

// OpenRequests lists the requests that are not live yet: the requests in line, newest
// first, then the scheduled ones, the next first; at most limit of either. It also gives
// the site.
func (s *Snapshot) OpenRequests(ctx context.Context, name string, limit int) (site release.Site, open []Tracked, err error) {
	if site, err = s.Site(ctx, name); err != nil {
		return site, nil, err
	}
	waiting, err := s.Requests(ctx, name, site.Served, site.Accepted, limit)
	if err != nil {
		return site, nil, err
	}
	scheduled, err := s.ScheduledRequests(ctx, name, limit)
	if err != nil {
		return site, nil, err
	}
	since, err := failuresOf(ctx, s.reader, name, site.Served)
	if err != nil {
		return site, nil, err
	}
	for _, r := range append(waiting, scheduled...) {
		resolution := Resolution{Status: site.StatusAt(r.Place), Failed: failedFor(r.Place, since)}
		if resolution.Status == release.InRelease {
			resolution.Release = site.Current.Number
		}
		open = append(open, Tracked{r, resolution})
	}
	return site, open, nil
}

func (r reader) resolution(ctx context.Context, site release.Site, place int64) (Resolution, error) {
	f := Resolution{Status: site.StatusAt(place)}
	if f.Status == release.InRelease {
		f.Release = site.Current.Number
	}
	if place <= 0 {
		return f, nil
	}
	// Places grow with the numbers of releases. From the first release that took this
	// place up, all is found by number, so that an old request does not cost a read of
	// every release since.
	var first int64
	err := r.q.QueryRowContext(ctx, `SELECT number FROM releases
		WHERE site = $1 AND upto_place >= $2 ORDER BY upto_place, number LIMIT 1`, site.Name, place).Scan(&first)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read the release of a request: %w", r.engine.Explain(err))
	}
	var served, live, ended int64
	err = r.q.QueryRowContext(ctx, `SELECT number, live_us, ended_us FROM releases
		WHERE site = $1 AND number >= $2 AND outcome IN ('succeeded', 'unchanged') AND upto_place >= $3 ORDER BY number LIMIT 1`, site.Name, first, place).Scan(&served, &live, &ended)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		served = math.MaxInt64
	case err != nil:
		return f, fmt.Errorf("read the release of a request: %w", r.engine.Explain(err))
	case live == 0:
		// The release found nothing to do: the request is live with the one before.
		f.LiveAt = fromMicros(ended)
		if f.Release, err = liveBefore(ctx, r, site.Name, served); err != nil {
			return f, err
		}
	default:
		f.Release, f.LiveAt = served, fromMicros(live)
	}
	if f.Status == release.Live && !site.Showing(f.Release) {
		f.Status = release.WasLive
	}
	f.Failed, err = r.failed(ctx, site.Name, place, first, served)
	return f, err
}

// liveBefore is the number of the newest release before another one that succeeded.
func liveBefore(ctx context.Context, r reader, site string, number int64) (before int64, err error) {
	err = r.q.QueryRowContext(ctx, `SELECT number FROM releases
		WHERE site = $1 AND number < $2 AND outcome = 'succeeded' ORDER BY number DESC LIMIT 1`, site, number).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read the release that was live: %w", r.engine.Explain(err))
	}
	return before, nil
}

// maxFailed bounds how many failed releases a Resolution lists.
const maxFailed = 50

// failed are the numbers of the newest releases, maxFailed at most, that took a
// place up from one number up to before another and ended without success; the
// oldest first. A rollback takes up none.
func (r reader) failed(ctx context.Context, site string, place, from, before int64) ([]int64, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT number FROM releases
		WHERE site = $1 AND number >= $2 AND number < $3 AND outcome NOT IN ('', 'succeeded', 'unchanged') AND upto_place >= $5
		ORDER BY number DESC LIMIT CAST($4 AS BIGINT)`, site, from, before, maxFailed, place)
	if err != nil {
		return nil, fmt.Errorf("read the failed releases of a request: %w", r.engine.Explain(err))
	}
	defer rows.Close()
	var numbers []int64
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return nil, fmt.Errorf("read the failed releases of a request: %w", err)
		}
		numbers = append(numbers, n)
	}
	slices.Reverse(numbers)
	return numbers, rows.Err()
}

// failure is a release that ended without success: its number, and the last
// place in line that it took up.
type failure struct{ number, upto int64 }

// maxFailures bounds how many failures are read: far more than a site has between two
// successes, since it is held after a few.
const maxFailures = 1000

// failuresOf are the releases that ended without success and took up places after a
// place, the oldest first.
func failuresOf(ctx context.Context, r reader, site string, after int64) ([]failure, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT number, upto_place FROM releases
		WHERE site = $1 AND upto_place > $2 AND outcome NOT IN ('', 'succeeded', 'unchanged')
		ORDER BY upto_place DESC, number DESC LIMIT CAST($3 AS BIGINT)`, site, after, maxFailures)
	if err != nil {
		return nil, fmt.Errorf("read the failed releases of %s: %w", site, r.engine.Explain(err))
	}
	defer rows.Close()
	var out []failure
	for rows.Next() {
		var f failure
		if err := rows.Scan(&f.number, &f.upto); err != nil {
			return nil, fmt.Errorf("read the failed releases of %s: %w", site, err)
		}
		out = append(out, f)
	}
	slices.Reverse(out)
	return out, rows.Err()
}

// failedFor are the numbers of the releases that took a place up and failed, the newest
// maxFailed, oldest first. Places grow with the numbers of releases.
func failedFor(place int64, failures []failure) []int64 {
	if place == 0 {
		return nil
	}
	var numbers []int64
	for _, f := range failures {
		if f.upto >= place {
			numbers = append(numbers, f.number)
		}
	}
	return numbers[max(0, len(numbers)-maxFailed):]
}

// RequestAbout reads the newest request about some content, and its Resolution. It fails
// with ErrNotFound if there is none. The site must have been read from the same snapshot.
func (s *Snapshot) RequestAbout(ctx context.Context, site release.Site, entity string) (Tracked, error) {
	found, err := s.requests(ctx, `WHERE site = $1 AND entity = $2 AND entity <> '' ORDER BY accepted_us DESC, id DESC LIMIT 1`, site.Name, entity)
	if err != nil {
		return Tracked{}, err
	}
	if len(found) == 0 {
		return Tracked{}, fmt.Errorf("a request about %s: %w", entity, ErrNotFound)
	}
	a := Tracked{Request: found[0]}
	a.Resolution, err = s.resolution(ctx, site, a.Place)
	return a, err
}
