package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/release"
)

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) row
}

// row is the only row of a result, or the error for which there is none.
type row interface{ Scan(into ...any) error }

// noRow is the error for which there is no row.
type noRow struct{ error }

func (n noRow) Scan(...any) error { return n.error }

// transaction is a querier in a transaction. It uses prepared statements where there are any.
type transaction struct {
	tx       *sql.Tx
	prepared *statements
	unknown  *[]string // texts that were asked unprepared
}

func (t transaction) statement(ctx context.Context, text string) *sql.Stmt {
	stmt := t.prepared.ready(text)
	if stmt == nil {
		*t.unknown = append(*t.unknown, text)
		return nil
	}
	return t.tx.StmtContext(ctx, stmt)
}

// QueryContext is that of *sql.Tx.
func (t transaction) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if stmt := t.statement(ctx, text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		return stmt.QueryContext(ctx, args...)
	}
	return t.tx.QueryContext(ctx, text, args...)
}

// QueryRowContext is that of *sql.Tx.
func (t transaction) QueryRowContext(ctx context.Context, text string, args ...any) row {
	if stmt := t.statement(ctx, text); stmt != nil { //nolint:sqlclosecheck // closed with the transaction
		return stmt.QueryRowContext(ctx, args...)
	}
	return t.tx.QueryRowContext(ctx, text, args...)
}

// reader has the reads that take one statement. A Ledger reads the present state, a
// Snapshot that of one instant.
type reader struct {
	access
	eventReader
	noticeReader
}

// access is how a reader reads.
type access struct {
	q      querier
	engine database.Engine
	sites  *sites
}

// eventReader reads the audit trail, noticeReader the notices to targets.
type (
	eventReader  struct{ access }
	noticeReader struct{ access }
)

func newReader(a access) reader { return reader{a, eventReader{a}, noticeReader{a}} }

// Site reads a site as it stands. It fails with ErrNoSite if the site is not
// configured.
func (r reader) Site(ctx context.Context, name string) (release.Site, error) {
	policy, err := r.sites.policy(name)
	if err != nil {
		return release.Site{}, err
	}
	var doc string
	err = r.q.QueryRowContext(ctx, `SELECT doc FROM sites WHERE name = $1`, name).Scan(&doc)
	if errors.Is(err, sql.ErrNoRows) {
		return release.NewSite(name, policy), nil
	}
	if err != nil {
		return release.Site{}, fmt.Errorf("read site %s: %w", name, r.engine.Explain(err))
	}
	s, err := r.sites.documents.read(name, doc)
	s.Policy = policy
	return s, err
}

// SiteNames are the names of the configured sites, sorted.
func (r reader) SiteNames() []string { return slices.Clone(r.sites.now.Load().names) }

const requestColumns = `id, site, COALESCE(idem_key, ''), place, source, actor, title, link, entity, reason, accepted_us, not_before_us`

// scanned holds the stored times, in microseconds, while a row is read.
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

// Requests lists requests of a site with places after one and up to another,
// newest first.
func (r reader) Requests(ctx context.Context, site string, after, upto int64, limit int) ([]Request, error) {
	return r.requests(ctx, `WHERE site = $1 AND place > $2 AND place <= $3 ORDER BY place DESC LIMIT CAST($4 AS BIGINT)`, site, after, upto, limit)
}

// ScheduledRequests lists requests of a site whose not-before lies ahead, the
// next first.
func (r reader) ScheduledRequests(ctx context.Context, site string, limit int) ([]Request, error) {
	return r.requests(ctx, `WHERE site = $1 AND place = 0 ORDER BY not_before_us, id LIMIT CAST($2 AS BIGINT)`, site, limit)
}

func (r reader) requests(ctx context.Context, where string, args ...any) ([]Request, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT `+requestColumns+` FROM requests `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read requests: %w", r.engine.Explain(err))
	}
	defer rows.Close()
	var out []Request
	for rows.Next() {
		var one Request
		var s scanned
		if err := rows.Scan(one.scanWith(&s)...); err != nil {
			return nil, fmt.Errorf("read requests: %w", err)
		}
		one.settle(s)
		out = append(out, one)
	}
	return out, rows.Err()
}

// Releases lists a site's releases, newest first, numbered below before (0: all).
func (r reader) Releases(ctx context.Context, site string, limit int, before int64) ([]Release, error) {
	if before == 0 {
		before = math.MaxInt64 // one bound for both cases: with an OR beside it all newer releases would be read
	}
	return r.releases(ctx, site, `WHERE site = $1 AND number < $2 ORDER BY number DESC LIMIT CAST($3 AS BIGINT)`, site, before, limit)
}

// LiveBetween lists a site's releases that went live from one instant on and before
// another, the last first.
func (r reader) LiveBetween(ctx context.Context, site string, from, to time.Time, limit int) ([]Release, error) {
	return r.releases(ctx, site, `WHERE site = $1 AND live_us >= $2 AND live_us < $3 ORDER BY live_us DESC LIMIT CAST($4 AS BIGINT)`, site, micros(from), micros(to), limit)
}

func (r reader) releases(ctx context.Context, site, where string, args ...any) ([]Release, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT doc, metrics FROM releases `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read releases of %s: %w", site, r.engine.Explain(err))
	}
	defer rows.Close()
	var out []Release
	for rows.Next() {
		one := Release{Site: site}
		var doc string
		if err := rows.Scan(&doc, &one.Metrics); err != nil {
			return nil, fmt.Errorf("read releases of %s: %w", site, err)
		}
		if err := json.Unmarshal([]byte(doc), &one.Release); err != nil {
			return nil, fmt.Errorf("read releases of %s: %w", site, err)
		}
		out = append(out, one)
	}
	return out, rows.Err()
}

// Release reads one release of a site.
func (r reader) Release(ctx context.Context, site string, number int64) (Release, error) {
	if _, err := r.sites.policy(site); err != nil {
		return Release{}, err
	}
	one := Release{Site: site}
	var doc string
	err := r.q.QueryRowContext(ctx, `SELECT doc, metrics FROM releases WHERE site = $1 AND number = $2`, site, number).Scan(&doc, &one.Metrics)
	if errors.Is(err, sql.ErrNoRows) {
		return one, r.goneRelease(ctx, site, number)
	}
	if err != nil {
		return one, fmt.Errorf("read release #%d of %s: %w", number, site, r.engine.Explain(err))
	}
	if err := json.Unmarshal([]byte(doc), &one.Release); err != nil {
		return one, fmt.Errorf("read release #%d of %s: %w", number, site, err)
	}
	return one, nil
}

// Ended is when a release ended; zero if it has not, or is not in the ledger.
func (r reader) Ended(ctx context.Context, site string, number int64) (time.Time, error) {
	var us int64
	err := r.q.QueryRowContext(ctx, `SELECT ended_us FROM releases WHERE site = $1 AND number = $2`, site, number).Scan(&us)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, fmt.Errorf("read the end of release #%d of %s: %w", number, site, r.engine.Explain(err))
	}
	return fromMicros(us), nil
}

// Events lists the audit trail after an id, oldest first: of one site, or of
// all when site is "".
func (r eventReader) Events(ctx context.Context, site string, after int64, limit int) ([]Event, error) {
	return r.events(ctx, `WHERE id > $1 AND (site = $2 OR $2 = '') ORDER BY id LIMIT CAST($3 AS BIGINT)`, after, site, limit)
}

// EventsOfRelease lists the audit trail of one release, oldest first. Where there are
// more than limit, events of requests are left out first: there may be thousands before
// any other.
func (r eventReader) EventsOfRelease(ctx context.Context, site string, number int64, limit int) ([]Event, error) {
	return r.events(ctx, `WHERE id IN (
		SELECT id FROM events WHERE site = $1 AND release_no = $2
		ORDER BY CASE request_id WHEN '' THEN 0 ELSE 1 END, id LIMIT CAST($3 AS BIGINT)
	) ORDER BY id`, site, number, limit)
}

// LastEvent is the id of the newest event, 0 when there is none.
func (r eventReader) LastEvent(ctx context.Context) (int64, error) {
	var id int64
	if err := r.q.QueryRowContext(ctx, `SELECT COALESCE(MAX(id), 0) FROM events`).Scan(&id); err != nil {
		return 0, fmt.Errorf("read the newest event: %w", r.engine.Explain(err))
	}
	return id, nil
}

func (r eventReader) events(ctx context.Context, where string, args ...any) ([]Event, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT id, site, at_us, kind, release_no, request_id, actor, why FROM events `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", r.engine.Explain(err))
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
