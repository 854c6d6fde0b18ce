package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// HookDelivery is one event that a hook received, and what followed from it.
type HookDelivery struct {
	ID, Site, Hook string
	// Key is the event's own id, by which a repetition is recognised; "" for none.
	Key                         string
	Event, Entity, Title, Actor string
	Decision, Rule, Why         string
	// Request is the id of the request that it became, "" for none.
	Request  string
	Received time.Time
}

// DecisionAgain is the decision about an event that came before.
const DecisionAgain = "again"

// PendingChange is a change that waits for the next release, whatever asks for it.
type PendingChange struct {
	ID, Site, Hook                  string
	Entity, Title, Link, Actor, Why string
	ChangedAt                       time.Time
}

// subject names the content of a change: a later change of the same content replaces it.
func (c PendingChange) subject(id string) string {
	if c.Entity == "" {
		return id
	}
	return c.Entity
}

// Arrival is an event of a hook with its consequence: a request, a change to note, or neither.
// A request with a NotBefore moves an earlier one that is scheduled for the same content and
// reason. Withdraw withdraws all requests that are scheduled for the content.
type Arrival struct {
	Delivery HookDelivery
	Request  *Request
	Change   *PendingChange
	Withdraw bool
}

// Arrived is what became of an Arrival.
type Arrived struct {
	Delivery HookDelivery
	// Accepted is set if the event asked for a release.
	Accepted *Accepted
	// Again says that the event came before, so that nothing follows from it.
	Again bool
}

// Bounds of what is kept for each site.
const (
	MaxHookDeliveries = 1000
	MaxChanges        = 1000
)

// Hooks are the deliveries of the sites' hooks, and their secrets.
type Hooks struct{ ledger *Ledger }

// Hooks are the deliveries of the sites' hooks, and their secrets.
func (l *Ledger) Hooks() Hooks { return Hooks{l} }

// Deliver keeps the events of one delivery and their consequences, in one transaction.
// When it returns without an error all is on disk.
func (h Hooks) Deliver(ctx context.Context, site string, arrivals []Arrival) ([]Arrived, error) {
	key := "" // looked up with those of all that share the transaction
	if len(arrivals) == 1 && arrivals[0].Request != nil {
		key = arrivals[0].Request.Key
	}
	return doFor(ctx, h.ledger.writer, site, key, func(b *batch) ([]Arrived, error) {
		at, err := b.site(site)
		if err != nil {
			return nil, err
		}
		out := make([]Arrived, 0, len(arrivals))
		for _, a := range arrivals {
			done, err := arrive(b, at, a)
			if err != nil {
				return nil, b.fail(err)
			}
			out = append(out, done)
		}
		if b.delivered == nil {
			b.delivered = map[string]bool{}
		}
		b.delivered[site] = true
		return out, nil
	})
}

func arrive(b *batch, at *loaded, a Arrival) (Arrived, error) {
	d := a.Delivery
	d.ID, d.Site, d.Received = b.w.ids.next("dlv_", b.now), at.site.Name, b.now
	done := Arrived{}
	var err error
	switch {
	case a.Withdraw:
		if done.Again, err = withdrawAll(b, &d); err != nil {
			return done, err
		}
	case a.Request != nil:
		accepted := Accepted{}
		if accepted.Request, accepted.Again, err = moveOrAccept(b, at, a); err != nil {
			if conflict, ok := errors.AsType[*release.Conflict](err); ok {
				d.Decision, d.Why = "refused", conflict.Text
				break
			}
			return done, err
		}
		accepted.Site = at.site
		done.Accepted, done.Again, d.Request = &accepted, accepted.Again, accepted.Request.ID
	case d.Key != "":
		if done.Again, err = cameBefore(b, d); err != nil {
			return done, err
		}
	}
	if done.Again {
		d.Decision, d.Why = DecisionAgain, "It came before: nothing more follows from it."
	}
	if a.Change != nil && !done.Again {
		if err := putChange(b, *a.Change, d); err != nil {
			return done, err
		}
	}
	done.Delivery = d
	return done, putHookDelivery(b, d)
}

// moveOrAccept accepts a request, or moves the one that is already scheduled for the same
// content and reason.
func moveOrAccept(b *batch, at *loaded, a Arrival) (Request, bool, error) {
	in := *a.Request
	if in.Entity == "" || !in.NotBefore.After(b.now) {
		return b.accept(in)
	}
	if a.Delivery.Key != "" {
		first, again, err := askedBefore(b, at.site.Name, a.Delivery.Key)
		if again || err != nil {
			return first, again, err
		}
	}
	ids, err := scheduledOf(b, in.Site, in.Entity, in.Reason)
	if err != nil || len(ids) == 0 {
		if err != nil {
			return in, false, err
		}
		return b.accept(in)
	}
	moved, err := b.reschedule(ids[0], in.by(), "", in.NotBefore)
	return moved.Request, false, err
}

// askedBefore finds the request that a repeated event moved the first time.
func askedBefore(b *batch, site, key string) (r Request, again bool, err error) {
	if err := b.writeRequests(); err != nil {
		return r, false, err
	}
	var s scanned
	err = b.queryRow(`SELECT `+requestColumns+` FROM requests WHERE id IN (
		SELECT request_id FROM hook_deliveries WHERE site = $1 AND event_key = $2 AND decision <> 'refused') LIMIT 1`, []any{site, key}, r.scanWith(&s)...)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	r.settle(s)
	return r, err == nil, err
}

// withdrawAll withdraws the requests that are scheduled for a delivery's content, and
// says whether the delivery came before.
func withdrawAll(b *batch, d *HookDelivery) (again bool, err error) {
	if d.Key != "" {
		if again, err = cameBefore(b, *d); again || err != nil {
			return again, err
		}
	}
	ids, err := scheduledOf(b, d.Site, d.Entity, "")
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		if _, err := b.reschedule(id, d.Actor, d.Event, time.Time{}); err != nil {
			return false, err
		}
		d.Request = id
	}
	if len(ids) == 0 {
		d.Why = "It takes back what was scheduled, of which there is nothing."
	}
	return false, nil
}

// cameBefore says whether an event is among the kept deliveries.
func cameBefore(b *batch, d HookDelivery) (bool, error) {
	var n int64
	err := b.queryRow(`SELECT COUNT(*) FROM hook_deliveries WHERE site = $1 AND event_key = $2 AND decision <> 'refused'`, []any{d.Site, d.Key}, &n)
	return n > 0, err
}

func putHookDelivery(b *batch, d HookDelivery) error {
	var key any
	if d.Key != "" {
		key = d.Key
	}
	_, err := b.exec(`INSERT INTO hook_deliveries (id, site, hook, event_key, event, entity, title, actor, decision, rule, why, request_id, received_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		d.ID, d.Site, d.Hook, key, d.Event, d.Entity, d.Title, d.Actor, d.Decision, d.Rule, d.Why, d.Request, micros(d.Received))
	return err
}

func putChange(b *batch, c PendingChange, d HookDelivery) error {
	id := b.w.ids.next("chg_", b.now)
	_, err := b.exec(`INSERT INTO changes (id, site, subject, hook, entity, title, link, actor, why, changed_us)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (site, subject) DO UPDATE SET id = excluded.id, hook = excluded.hook, title = excluded.title, link = excluded.link,
			actor = excluded.actor, why = excluded.why, changed_us = excluded.changed_us`,
		id, d.Site, c.subject(id), d.Hook, c.Entity, c.Title, c.Link, c.Actor, c.Why, micros(b.now))
	return err
}

// tidyHooks drops deliveries and changes beyond the bounds, and changes that went live,
// of the sites that got a delivery.
func tidyHooks(b *batch) error {
	for site := range b.delivered {
		if _, err := b.exec(`DELETE FROM hook_deliveries WHERE site = $1 AND id <= (
			SELECT id FROM hook_deliveries WHERE site = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, site, MaxHookDeliveries); err != nil {
			return err
		}
		if _, err := b.exec(`DELETE FROM changes WHERE site = $1 AND changed_us < $2`, site, micros(wentOut(b.sites[site].site))); err != nil {
			return err
		}
		if _, err := b.exec(`DELETE FROM changes WHERE site = $1 AND id <= (
			SELECT id FROM changes WHERE site = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)`, site, MaxChanges); err != nil {
			return err
		}
	}
	return nil
}

// wentOut is the instant up to which changes are live: the watermark of the live release.
func wentOut(site release.Site) time.Time {
	if site.Unchanged.After(site.Live.Times.InProgress) {
		return site.Unchanged
	}
	return site.Live.Times.InProgress
}

// PendingChanges are the changes of a site that are not live yet, newest first.
func (r reader) PendingChanges(ctx context.Context, site release.Site, limit int) ([]PendingChange, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT id, site, hook, entity, title, link, actor, why, changed_us FROM changes
		WHERE site = $1 AND changed_us >= $2 ORDER BY changed_us DESC, id DESC LIMIT CAST($3 AS BIGINT)`, site.Name, micros(wentOut(site)), limit)
	if err != nil {
		return nil, fmt.Errorf("read the changes of %s: %w", site.Name, r.engine.Explain(err))
	}
	defer rows.Close()
	var out []PendingChange
	for rows.Next() {
		var c PendingChange
		var changed int64
		if err := rows.Scan(&c.ID, &c.Site, &c.Hook, &c.Entity, &c.Title, &c.Link, &c.Actor, &c.Why, &changed); err != nil {
			return nil, fmt.Errorf("read the changes of %s: %w", site.Name, err)
		}
		c.ChangedAt = fromMicros(changed)
		out = append(out, c)
	}
	return out, rows.Err()
}

// HookDeliveries are the last deliveries of a site, newest first: of one hook, or
// of all with "".
func (r reader) HookDeliveries(ctx context.Context, site, hook string, limit int) ([]HookDelivery, error) {
	const columns = `SELECT id, site, hook, COALESCE(event_key, ''), event, entity, title, actor, decision, rule, why, request_id, received_us FROM hook_deliveries `
	var rows *sql.Rows
	var err error
	if hook == "" {
		rows, err = r.q.QueryContext(ctx, columns+`WHERE site = $1 ORDER BY id DESC LIMIT CAST($2 AS BIGINT)`, site, limit)
	} else {
		rows, err = r.q.QueryContext(ctx, columns+`WHERE site = $1 AND hook = $2 ORDER BY id DESC LIMIT CAST($3 AS BIGINT)`, site, hook, limit)
	}
	if err != nil {
		return nil, fmt.Errorf("read what the hooks of %s were told: %w", site, r.engine.Explain(err))
	}
	defer rows.Close()
	var out []HookDelivery
	for rows.Next() {
		var d HookDelivery
		var received int64
		if err := rows.Scan(&d.ID, &d.Site, &d.Hook, &d.Key, &d.Event, &d.Entity, &d.Title, &d.Actor, &d.Decision, &d.Rule, &d.Why, &d.Request, &received); err != nil {
			return nil, fmt.Errorf("read what the hooks of %s were told: %w", site, err)
		}
		d.Received = fromMicros(received)
		out = append(out, d)
	}
	return out, rows.Err()
}
