package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// batch is the transaction under way.
type batch struct {
	work

	now   time.Time
	sites map[string]*loaded

	events   []Event
	requests []Request
	keys     map[[2]string]Request // by site and key: accepted in this batch
	unused   map[[2]string]bool    // by site and key: not on disk
	outbox   []outboxRow
	closed   []release.Release
	closedOf []string
	// delivered are the sites whose hooks got a delivery.
	delivered map[string]bool
	// noticed are the sites that have a notice to send.
	noticed []string

	// indexed says that requests were put into the index, and allIndexed that none of an
	// earlier batch is missing there.
	indexed, allIndexed bool

	// fences are the claims that were checked: nil for one that is still held.
	fences map[fence]error
	// leaves says that this replica ends: the transaction must not mark it as alive.
	leaves bool

	lastEvent, lastOutbox int64
}

// work runs the statements of a transaction.
type work struct {
	ctx context.Context //nolint:containedctx // lives for one transaction
	w   *writer

	changed bool
	// broken is the error of a statement that failed: then the transaction must be rolled back.
	broken error
}

// loaded is a site as it was read, and as it is after the decisions so far.
type loaded struct {
	site   release.Site
	stored string
}

// fail remembers that the transaction can't be committed.
func (s *work) fail(err error) error {
	if s.broken == nil {
		s.broken = err
	}
	return err
}

func (s *work) exec(text string, args ...any) (sql.Result, error) {
	res, err := s.w.exec(s.ctx, text, args...)
	if err != nil {
		return nil, s.fail(err)
	}
	s.changed = true
	return res, nil
}

func (s *work) query(text string, args ...any) (*sql.Rows, error) {
	rows, err := s.w.query(s.ctx, text, args...)
	if err != nil {
		return nil, s.fail(err)
	}
	return rows, nil
}

func (s *work) queryRow(text string, args []any, into ...any) error {
	err := s.w.queryRow(s.ctx, text, args...).Scan(into...)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return s.fail(err)
	}
	return err
}

// site loads a site once for the batch.
func (b *batch) site(name string) (*loaded, error) {
	if l, ok := b.sites[name]; ok {
		return l, nil
	}
	policy, err := b.w.ledger.sites.policy(name)
	if err != nil {
		return nil, err
	}
	l := &loaded{}
	err = b.queryRow(`SELECT doc FROM sites WHERE name = $1`, []any{name}, &l.stored)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		l.site = release.NewSite(name, policy)
	case err != nil:
		return nil, err
	default:
		if l.site, err = b.w.ledger.sites.documents.read(name, l.stored); err != nil {
			return nil, err
		}
		l.site.Policy = policy
	}
	b.sites[name] = l
	return l, nil
}

// step lets the rules decide about an event, and collects the new state and effects.
func (b *batch) step(l *loaded, event release.Event) error {
	site, effects, err := release.Step(l.site, event, b.now)
	if err != nil {
		return err
	}
	l.site = site
	for _, e := range effects {
		b.keep(site.Name, e)
	}
	return nil
}

func (b *batch) keep(site string, effect release.Effect) {
	switch e := effect.(type) {
	case release.Record:
		b.event(Event{Site: site, Kind: e.Kind, Release: e.Release, By: e.By, Why: e.Why})
	case release.Closed:
		b.closed = append(b.closed, e.Release)
		b.closedOf = append(b.closedOf, site)
	case release.SendDispatch, release.ReadFingerprint, release.LookUpRun, release.CancelRun:
		b.outbox = append(b.outbox, outboxRow{site: site, effect: effect})
	}
}

func (b *batch) event(e Event) {
	e.At = b.now
	b.events = append(b.events, e)
}

// flush writes the results of the batch's decisions.
func (b *batch) flush() {
	for _, write := range []func(*batch) error{writeReleases, writeSites, writeNewRequests, writeEvents, writeOutbox, tidyHooks} {
		if b.broken != nil {
			return
		}
		if err := write(b); err != nil {
			_ = b.fail(err) // kept in broken, which the caller reads
		}
	}
}

func writeReleases(b *batch) error {
	for i, r := range b.closed {
		if err := b.putRelease(b.closedOf[i], r); err != nil {
			return err
		}
	}
	return nil
}

// writeSites writes the sites that changed, and their current releases.
func writeSites(b *batch) error {
	for _, name := range slices.Sorted(maps.Keys(b.sites)) {
		l := b.sites[name]
		doc, err := json.Marshal(l.site)
		if err != nil {
			return fmt.Errorf("write site %s: %w", name, err)
		}
		if string(doc) == l.stored {
			continue
		}
		if _, err := b.exec(`INSERT INTO sites (name, state, doc, updated_us) VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO UPDATE SET state = excluded.state, doc = excluded.doc, updated_us = excluded.updated_us`,
			name, string(l.site.State), string(doc), micros(b.now)); err != nil {
			return err
		}
		if l.site.Current.Number == 0 {
			continue
		}
		if err := b.putRelease(name, l.site.Current); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) putRelease(site string, r release.Release) error {
	doc, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write release #%d of %s: %w", r.Number, site, err)
	}
	_, err = b.exec(`INSERT INTO releases (site, number, outcome, after_place, upto_place, opened_us, live_us, ended_us, doc, metrics)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '')
		ON CONFLICT (site, number) DO UPDATE SET outcome = excluded.outcome, upto_place = excluded.upto_place,
			live_us = excluded.live_us, ended_us = excluded.ended_us, doc = excluded.doc`,
		site, r.Number, string(r.Outcome), r.After, r.Upto,
		micros(r.Times.Requested), micros(r.Times.Complete), micros(r.Times.Ended), string(doc))
	return err
}

func writeNewRequests(b *batch) error {
	return insertAll(b, "requests (id, site, idem_key, place, source, actor, title, link, entity, reason, accepted_us, not_before_us)",
		b.requests, func(r Request) []any {
			var key any
			if r.Key != "" {
				key = r.Key
			}
			return []any{
				r.ID, r.Site, key, r.Place, string(r.Source), r.Actor, r.Title, r.Link, r.Entity, r.Reason,
				micros(r.AcceptedAt), micros(r.NotBefore),
			}
		})
}

func writeEvents(b *batch) error {
	if len(b.events) == 0 {
		return nil
	}
	if err := b.queryRow(`SELECT COALESCE(MAX(id), 0) FROM events`, nil, &b.lastEvent); err != nil {
		return err
	}
	return insertAll(b, "events (id, site, at_us, kind, release_no, request_id, actor, why)", b.events, func(e Event) []any {
		b.lastEvent++
		return []any{b.lastEvent, e.Site, micros(e.At), e.Kind, e.Release, e.Request, e.By, e.Why}
	})
}
