package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Site reads a site as it stands.
func (l *Ledger) Site(ctx context.Context, name string) (release.Site, error) {
	return l.site(ctx, &l.reads, name)
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (l *Ledger) site(ctx context.Context, q querier, name string) (release.Site, error) {
	policy, err := l.policy(name)
	if err != nil {
		return release.Site{}, err
	}
	var doc string
	err = q.QueryRowContext(ctx, `SELECT doc FROM sites WHERE name = $1`, name).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return release.NewSite(name, policy), nil
	}
	if err != nil {
		return release.Site{}, fmt.Errorf("read site %s: %w", name, explain(err))
	}
	s, err := l.documents.read(name, doc)
	s.Policy = policy
	return s, err
}

// SiteNames are the names of the configured sites, sorted.
func (l *Ledger) SiteNames() []string { return slices.Sorted(maps.Keys(l.policies)) }

const requestColumns = `id, site, COALESCE(idem_key, ''), place, source, actor, title, link, entity, reason, accepted_us, not_before_us`

// scanned holds the stored times while a row is read.
type scanned struct {
	accepted, notBefore int64
}

func (r *Request) scanWith(s *scanned) []any {
	return []any{
		&r.ID, &r.Site, &r.Key, &r.Place, &r.Source, &r.Actor, &r.Title, &r.Link, &r.Entity, &r.Reason,
		&s.accepted, &s.notBefore,
	}
}

func (r *Request) settle(s scanned) {
	r.AcceptedAt, r.NotBefore = fromMicros(s.accepted), fromMicros(s.notBefore)
}

// Request reads a request and what became of it, as of one instant.
func (l *Ledger) Request(ctx context.Context, id string) (r Request, f Fate, err error) {
	tx, err := l.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return r, f, fmt.Errorf("read request %s: %w", id, explain(err))
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	var s scanned
	err = tx.QueryRowContext(ctx, `SELECT `+requestColumns+` FROM requests WHERE id = $1`, id).Scan(r.scanWith(&s)...)
	if errors.Is(err, sql.ErrNoRows) {
		return r, f, fmt.Errorf("request %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return r, f, fmt.Errorf("read request %s: %w", id, explain(err))
	}
	r.settle(s)
	site, err := l.site(ctx, tx, r.Site)
	if err != nil {
		return r, f, err
	}
	f, err = fate(ctx, tx, site, r.Place)
	return r, f, err
}

func fate(ctx context.Context, q querier, site release.Site, place int64) (Fate, error) {
	f := Fate{Standing: site.Standing(place)}
	if f.Standing == release.InRelease {
		f.Release = site.Current.Number
	}
	if place == 0 {
		return f, nil
	}
	// Places grow with the numbers of releases. From the first release that took
	// this place up, all is found by number: asking for an old request must not
	// cost a look at every release since.
	var first int64
	err := q.QueryRowContext(ctx, `SELECT number FROM releases
		WHERE site = $1 AND upto_place >= $2 ORDER BY upto_place, number LIMIT 1`, site.Name, place).Scan(&first)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("read the release of a request: %w", explain(err))
	}
	var served, live int64
	err = q.QueryRowContext(ctx, `SELECT number, live_us FROM releases
		WHERE site = $1 AND number >= $2 AND outcome = 'succeeded' ORDER BY number LIMIT 1`, site.Name, first).Scan(&served, &live)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		served = math.MaxInt64
	case err != nil:
		return f, fmt.Errorf("read the release of a request: %w", explain(err))
	default:
		f.Release, f.LiveAt = served, fromMicros(live)
	}
	f.Failed, err = failed(ctx, q, site.Name, first, served)
	return f, err
}

// maxFailed bounds how many failed releases are told of a request.
const maxFailed = 50

// failed are the numbers of the newest releases, maxFailed at most, from one number up
// to before another that ended without success; the oldest first.
func failed(ctx context.Context, q querier, site string, from, before int64) ([]int64, error) {
	rows, err := q.QueryContext(ctx, `SELECT number FROM releases
		WHERE site = $1 AND number >= $2 AND number < $3 AND outcome <> '' AND outcome <> 'succeeded'
		ORDER BY number DESC LIMIT $4`, site, from, before, maxFailed)
	if err != nil {
		return nil, fmt.Errorf("read the failed releases of a request: %w", explain(err))
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

// Requests lists requests of a site with places after one and up to another,
// newest first.
func (l *Ledger) Requests(ctx context.Context, site string, after, upto int64, limit int) ([]Request, error) {
	return requestsFrom(ctx, l.readers, site, after, upto, limit)
}

func requestsFrom(ctx context.Context, q querier, site string, after, upto int64, limit int) ([]Request, error) {
	return readRequests(ctx, q, `WHERE site = $1 AND place > $2 AND place <= $3 ORDER BY place DESC LIMIT $4`, site, after, upto, limit)
}

// ScheduledRequests lists requests of a site whose not-before lies ahead, the
// next first.
func (l *Ledger) ScheduledRequests(ctx context.Context, site string, limit int) ([]Request, error) {
	return scheduledRequests(ctx, l.readers, site, limit)
}

func scheduledRequests(ctx context.Context, q querier, site string, limit int) ([]Request, error) {
	return readRequests(ctx, q, `WHERE site = $1 AND place = 0 ORDER BY not_before_us, id LIMIT $2`, site, limit)
}

func readRequests(ctx context.Context, q querier, where string, args ...any) ([]Request, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+requestColumns+` FROM requests `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", explain(err))
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		var r Request
		var s scanned
		if err := rows.Scan(r.scanWith(&s)...); err != nil {
			return nil, fmt.Errorf("read requests: %w", err)
		}
		r.settle(s)
		out = append(out, r)
	}
	return out, rows.Err()
}

// Releases lists a site's releases, newest first, numbered below before (0: all).
func (l *Ledger) Releases(ctx context.Context, site string, limit int, before int64) ([]Release, error) {
	rows, err := l.readers.QueryContext(ctx, `SELECT doc, metrics FROM releases
		WHERE site = $1 AND (number < $2 OR $2 = 0) ORDER BY number DESC LIMIT $3`, site, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read releases of %s: %w", site, explain(err))
	}
	defer rows.Close()
	var out []Release
	for rows.Next() {
		r := Release{Site: site}
		var doc string
		if err := rows.Scan(&doc, &r.Metrics); err != nil {
			return nil, fmt.Errorf("read releases of %s: %w", site, err)
		}
		if err := json.Unmarshal([]byte(doc), &r.Release); err != nil {
			return nil, fmt.Errorf("read releases of %s: %w", site, err)
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

// Release reads one release of a site.
func (l *Ledger) Release(ctx context.Context, site string, number int64) (Release, error) {
	if _, err := l.policy(site); err != nil {
		return Release{}, err
	}
	r := Release{Site: site}
	var doc string
	err := l.readers.QueryRowContext(ctx, `SELECT doc, metrics FROM releases WHERE site = $1 AND number = $2`, site, number).Scan(&doc, &r.Metrics)
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("release #%d of %s: %w", number, site, ErrNotFound)
	}
	if err != nil {
		return r, fmt.Errorf("read release #%d of %s: %w", number, site, explain(err))
	}
	if err := json.Unmarshal([]byte(doc), &r.Release); err != nil {
		return r, fmt.Errorf("read release #%d of %s: %w", number, site, err)
	}
	return r, nil
}

// Ended is when a release ended; zero if it has not, or is not known here.
func (l *Ledger) Ended(ctx context.Context, site string, number int64) (time.Time, error) {
	var us int64
	err := l.reads.QueryRowContext(ctx, `SELECT ended_us FROM releases WHERE site = $1 AND number = $2`, site, number).Scan(&us)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("read the end of release #%d of %s: %w", number, site, explain(err))
	}
	return fromMicros(us), nil
}

// Events lists the audit trail after an id, oldest first: of one site, or of
// all when site is "".
func (l *Ledger) Events(ctx context.Context, site string, after int64, limit int) ([]Event, error) {
	return l.events(ctx, `WHERE id > $1 AND (site = $2 OR $2 = '') ORDER BY id LIMIT $3`, after, site, limit)
}

// EventsOfRelease lists the audit trail of one release, oldest first. Where there
// are more than limit, those of requests are left out first: thousands may have
// come before anything else happened.
func (l *Ledger) EventsOfRelease(ctx context.Context, site string, number int64, limit int) ([]Event, error) {
	return l.events(ctx, `WHERE id IN (
		SELECT id FROM events WHERE site = $1 AND release_no = $2
		ORDER BY CASE request_id WHEN '' THEN 0 ELSE 1 END, id LIMIT $3
	) ORDER BY id`, site, number, limit)
}

// LastEvent is the id of the newest event, 0 when there is none.
func (l *Ledger) LastEvent(ctx context.Context) (int64, error) {
	var id int64
	if err := l.reads.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM events`).Scan(&id); err != nil {
		return 0, fmt.Errorf("read the newest event: %w", explain(err))
	}
	return id, nil
}

func (l *Ledger) events(ctx context.Context, where string, args ...any) ([]Event, error) {
	//nolint:gosec // G202: where is one of the constants above
	rows, err := l.readers.QueryContext(ctx, `SELECT id, site, at_us, kind, release_no, request_id, actor, why FROM events `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", explain(err))
	}
	defer rows.Close()
	var out []Event
	for rows.Next() {
		var e Event
		var at int64
		if err := rows.Scan(&e.ID, &e.Site, &at, &e.Kind, &e.Release, &e.Request, &e.By, &e.Why); err != nil {
			return nil, fmt.Errorf("read events: %w", err)
		}
		e.At = fromMicros(at)
		out = append(out, e)
	}
	return out, rows.Err()
}
