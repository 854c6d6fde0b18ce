package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// maxDue bounds how many scheduled requests one tick puts in line; the next
// tick, which is due at once, takes the rest.
const maxDue = 1000

// due gives scheduled requests whose time has come their places in line.
func (b *batch) due(at *loaded) error {
	if err := b.writeRequests(); err != nil {
		return err
	}
	ids, sources, err := dueRequests(b, at.site.Name)
	if err != nil {
		return err
	}
	first, e := at.site.Accepted+1, len(b.events)
	for i, id := range ids {
		if _, err := b.exec(`UPDATE requests SET place = $1 WHERE id = $2`, first+int64(i), id); err != nil {
			return err
		}
		b.event(Event{Site: at.site.Name, Kind: KindDue, Request: id})
	}
	next, err := nextScheduled(b, at.site.Name)
	if err != nil {
		return err
	}
	if err := b.step(at, release.RequestsDue{Sources: sources, Next: next}); err != nil {
		return b.fail(err) // places were given already
	}
	for i := range ids {
		b.events[e+i].Release = serving(at.site, first+int64(i))
	}
	return nil
}

func dueRequests(b *batch, site string) (ids []string, sources []release.Source, err error) {
	rows, err := b.query(`SELECT id, source FROM requests
		WHERE site = $1 AND place = 0 AND not_before_us <= $2 ORDER BY not_before_us, id LIMIT CAST($3 AS BIGINT)`, site, micros(b.now), maxDue)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id, source string
		if err := rows.Scan(&id, &source); err != nil {
			return nil, nil, b.fail(err)
		}
		ids, sources = append(ids, id), append(sources, release.Source(source))
	}
	if err := rows.Err(); err != nil {
		return nil, nil, b.fail(err)
	}
	return ids, sources, nil
}

// Move schedules a scheduled request for another time. A time in the past makes it due at
// once. A request that is in line, or was withdrawn, is refused by a *release.Conflict.
func (d decisions) Move(ctx context.Context, id, by string, to time.Time) (Accepted, error) {
	return do(ctx, d.writer, func(b *batch) (Accepted, error) { return b.reschedule(id, by, "", to) })
}

// Withdraw takes a scheduled request back, so that no release will serve it. It is
// refused like Move.
func (d decisions) Withdraw(ctx context.Context, id, by, why string) (Accepted, error) {
	return do(ctx, d.writer, func(b *batch) (Accepted, error) { return b.reschedule(id, by, why, time.Time{}) })
}

// reschedule moves a scheduled request to a time, or withdraws it where that is zero.
func (b *batch) reschedule(id, by, why string, to time.Time) (Accepted, error) {
	if err := b.writeRequests(); err != nil {
		return Accepted{}, err
	}
	var r Request
	var s scanned
	err := b.queryRow(`SELECT `+requestColumns+` FROM requests WHERE id = $1`, []any{id}, r.scanWith(&s)...)
	if errors.Is(err, sql.ErrNoRows) {
		return Accepted{}, fmt.Errorf("request %s: %w", id, ErrNotFound)
	}
	if err != nil {
		return Accepted{}, err
	}
	r.settle(s)
	at, err := b.site(r.Site)
	if err != nil {
		return Accepted{}, err
	}
	switch {
	case r.Place > 0:
		return Accepted{}, &release.Conflict{Code: release.CodeNotScheduled, Text: "its time has come: the request is in line already"}
	case r.Place < 0 && to.IsZero():
		return Accepted{Request: r, Site: at.site, Again: true}, nil
	case r.Place < 0:
		return Accepted{}, &release.Conflict{Code: release.CodeNotScheduled, Text: "the request was withdrawn: ask anew"}
	}
	if err := rescheduleTo(b, at, &r, by, why, to); err != nil {
		return Accepted{}, b.fail(err)
	}
	return Accepted{Request: r, Site: at.site}, nil
}

// rescheduleTo changes a request that is scheduled.
func rescheduleTo(b *batch, at *loaded, r *Request, by, why string, to time.Time) error {
	e := Event{Site: r.Site, Kind: KindMoved, Request: r.ID, By: by, Why: why}
	if to.IsZero() {
		e.Kind, r.Place = KindWithdrawn, release.WithdrawnPlace
	} else {
		if to.Before(b.now) {
			to = b.now
		}
		r.NotBefore = fromMicros(micros(to))
		e.Why = "to " + r.NotBefore.Format("2006-01-02 15:04:05 MST")
	}
	if _, err := b.exec(`UPDATE requests SET place = $1, not_before_us = $2 WHERE id = $3`, r.Place, micros(r.NotBefore), r.ID); err != nil {
		return err
	}
	b.event(e)
	next, err := nextScheduled(b, r.Site)
	if err != nil {
		return err
	}
	return b.step(at, release.Rescheduled{Next: next})
}

// writeRequests writes the requests of this batch, so that they can be read.
func (b *batch) writeRequests() error {
	if err := writeNewRequests(b); err != nil {
		return b.fail(err)
	}
	b.requests = nil
	return nil
}

// nextScheduled is when the next scheduled request of a site falls due; zero for none.
func nextScheduled(b *batch, site string) (time.Time, error) {
	var next int64
	err := b.queryRow(`SELECT COALESCE(MIN(not_before_us), 0) FROM requests WHERE site = $1 AND place = 0`, []any{site}, &next)
	return fromMicros(next), err
}

// scheduledOf are the ids of scheduled requests of the CMS about some content, with a
// reason; "" for any reason.
func scheduledOf(b *batch, site, entity, reason string) ([]string, error) {
	if err := b.writeRequests(); err != nil {
		return nil, err
	}
	rows, err := b.query(`SELECT id FROM requests WHERE site = $1 AND place = 0 AND source = $2 AND entity = $3 AND (reason = $4 OR $4 = '')
		ORDER BY not_before_us, id LIMIT CAST($5 AS BIGINT)`, site, string(release.FromContent), entity, reason, maxDue)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, b.fail(err)
		}
		ids = append(ids, id)
	}
	if err := rows.Err(); err != nil {
		return nil, b.fail(err)
	}
	return ids, nil
}
