package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// NoticeTarget names a target of a site's notices.
type NoticeTarget struct{ Site, Name string }

// NoticeCursor is how far notices have been made for a target: for all events up to
// Event, and for the requests of the next event up to a place in line. Memory is the
// state of the code that makes the notices, as text that the ledger does not read.
type NoticeCursor struct {
	Event, Place int64
	Memory       string
}

// NoticeState says whether a notice was delivered.
type NoticeState string

// The states of a notice. Undelivered: it was given up, and is tried again only on request.
const (
	NoticeWaiting     NoticeState = "waiting"
	NoticeDelivered   NoticeState = "delivered"
	NoticeUndelivered NoticeState = "undelivered"
)

// Notice is a message for a target. Its id and body are the same at every try.
type Notice struct {
	ID, Type, Request, Body string
	Target                  NoticeTarget
	Release                 int64
	State                   NoticeState
	// Tries counts the tries that failed or whose outcome is unknown. Status is the HTTP
	// status of the last answer, 0 for none, and Trouble why the try failed.
	Tries, Status int
	Trouble       string
	// Answer is the target's answer to a notice that it took, where that is kept.
	Answer string
	// Watermark is the instant up to which content is live, in a hand-off; zero in other notices.
	Watermark time.Time
	// Due is when to try it next, Until when to give up, Tried when it was last tried.
	Created, Due, Until, Tried time.Time
}

// Kinds of events about notices.
const (
	KindNoticeUndelivered = "notice.undelivered"
	KindNoticeReplayed    = "notice.replayed"
)

// How long notices are kept that are delivered or given up.
const (
	keepDelivered   = 7 * 24 * time.Hour
	keepUndelivered = 90 * 24 * time.Hour
)

// Notices are the messages for the targets of sites.
type Notices struct{ ledger *Ledger }

// Notices are the messages for the targets of sites.
func (l *Ledger) Notices() Notices { return Notices{l} }

// Begin makes the named targets those of a site. A new target gets notices of events from
// now on; notices that wait for a target that is no longer there become undelivered.
func (n Notices) Begin(ctx context.Context, site string, names []string) error {
	known, err := n.targets(ctx, site)
	if err != nil {
		return err
	}
	return n.ledger.writer.act(ctx, func(b *batch) error {
		for _, name := range known {
			if slices.Contains(names, name) {
				continue
			}
			if _, err := b.exec(`DELETE FROM notice_targets WHERE site = $1 AND target = $2`, site, name); err != nil {
				return err
			}
			if _, err := b.exec(`DELETE FROM notice_places WHERE site = $1 AND target = $2`, site, name); err != nil {
				return err
			}
			if _, err := b.exec(`UPDATE notices SET state = $1, trouble = $2 WHERE site = $3 AND target = $4 AND state = $5`,
				string(NoticeUndelivered), "the target is no longer configured", site, name, string(NoticeWaiting)); err != nil {
				return err
			}
		}
		for _, name := range names {
			if _, err := b.exec(`INSERT INTO notice_targets (site, target, event_id, place)
				SELECT $1, $2, COALESCE(MAX(id), 0), 0 FROM events WHERE true ON CONFLICT (site, target) DO NOTHING`, site, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (n Notices) targets(ctx context.Context, site string) ([]string, error) {
	rows, err := n.ledger.q.QueryContext(ctx, `SELECT target FROM notice_targets WHERE site = $1`, site)
	if err != nil {
		return nil, fmt.Errorf("read the targets of %s: %w", site, n.ledger.engine.Explain(err))
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("read the targets of %s: %w", site, err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// Make puts notices in line, and moves the target's cursor from where it was when
// they were made, in one transaction. Where another has moved it since, nothing is
// put in line.
func (n Notices) Make(ctx context.Context, to NoticeTarget, from, upto NoticeCursor, made []Notice) error {
	return n.ledger.writer.act(ctx, func(b *batch) error {
		res, err := b.exec(`UPDATE notice_targets SET event_id = $1, place = $2, memory = $3
			WHERE site = $4 AND target = $5 AND event_id = $6 AND place = $7 AND memory = $8`,
			upto.Event, upto.Place, upto.Memory, to.Site, to.Name, from.Event, from.Place, from.Memory)
		if moved, err := b.inserted(res, err); err != nil || !moved {
			return err
		}
		return putNotices(b, to, made)
	})
}

// Put puts one notice in line that no event asks for.
func (n Notices) Put(ctx context.Context, one Notice) error {
	return n.ledger.writer.act(ctx, func(b *batch) error { return putNotices(b, one.Target, []Notice{one}) })
}

func putNotices(b *batch, to NoticeTarget, made []Notice) error {
	line, err := lastLine(b, to)
	if err != nil {
		return err
	}
	for _, one := range made {
		line++
		if _, err := b.exec(`INSERT INTO notices (id, site, target, line, type, release_no, request_id, body, state, tries, status, trouble,
				created_us, due_us, until_us, tried_us, watermark_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0, '', $10, $11, $12, 0, $13) ON CONFLICT (id) DO NOTHING`,
			one.ID, to.Site, to.Name, line, one.Type, one.Release, one.Request, one.Body, string(NoticeWaiting),
			micros(b.now), micros(b.now), micros(one.Until), micros(one.Watermark)); err != nil {
			return err
		}
	}
	for state, keep := range map[NoticeState]time.Duration{NoticeDelivered: keepDelivered, NoticeUndelivered: keepUndelivered} {
		if _, err := b.exec(`DELETE FROM notices WHERE state = $1 AND created_us < $2`, string(state), micros(b.now.Add(-keep))); err != nil {
			return err
		}
	}
	b.wakeTarget(to)
	return nil
}

// wakeTarget wakes the sender of a target although no event was written.
func (b *batch) wakeTarget(to NoticeTarget) { b.noticed = append(b.noticed, to.Site) }

func lastLine(b *batch, to NoticeTarget) (line int64, err error) {
	err = b.queryRow(`SELECT COALESCE(MAX(line), 0) FROM notices WHERE site = $1 AND target = $2`, []any{to.Site, to.Name}, &line)
	return line, err
}

// keptPlaces is how many releases of a target keep the place of their message.
const keptPlaces = 200

// Taken is a target's answer to a notice that it took.
type Taken struct {
	// Status is the HTTP status of its answer, and Answer what it said.
	Status int
	Answer string
	// Place identifies the message about the notice's release at the target, so that it
	// can be changed; "" for targets without such messages.
	Place string
	// Watermark is the instant up to which the target now knows content to be live; zero
	// for a notice that is no hand-off.
	Watermark time.Time
}

// Delivered notes that a target took a notice.
func (n Notices) Delivered(ctx context.Context, one Notice, how Taken) error {
	return n.ledger.writer.act(ctx, func(b *batch) error {
		if err := putPlace(b, one, how.Place); err != nil {
			return err
		}
		if err := putHanded(b, one.Target, how.Watermark); err != nil {
			return err
		}
		_, err := b.exec(`UPDATE notices SET state = $1, status = $2, trouble = '', answer = $3, tries = tries + 1, tried_us = $4 WHERE id = $5`,
			string(NoticeDelivered), how.Status, how.Answer, micros(b.now), one.ID)
		return err
	})
}

func putPlace(b *batch, one Notice, place string) error {
	if place == "" || one.Release == 0 {
		return nil
	}
	if _, err := b.exec(`INSERT INTO notice_places (site, target, release_no, place) VALUES ($1, $2, $3, $4)
		ON CONFLICT (site, target, release_no) DO UPDATE SET place = excluded.place`, one.Target.Site, one.Target.Name, one.Release, place); err != nil {
		return err
	}
	_, err := b.exec(`DELETE FROM notice_places WHERE site = $1 AND target = $2 AND release_no < $3`, one.Target.Site, one.Target.Name, one.Release-keptPlaces)
	return err
}

// Lost notes that the message about a release no longer exists at the target.
func (n Notices) Lost(ctx context.Context, to NoticeTarget, number int64) error {
	return n.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`DELETE FROM notice_places WHERE site = $1 AND target = $2 AND release_no = $3`, to.Site, to.Name, number)
		return err
	})
}

// Failed notes that a target did not take a notice, why, and when to try again.
func (n Notices) Failed(ctx context.Context, one Notice, status int, trouble string, again time.Time) error {
	return n.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE notices SET status = $1, trouble = $2, tries = tries + 1, tried_us = $3, due_us = $4 WHERE id = $5`,
			status, trouble, micros(b.now), micros(again), one.ID)
		return err
	})
}

// GaveUp notes that a target did not take a notice, which is not tried again.
func (n Notices) GaveUp(ctx context.Context, one Notice, status int, trouble string) error {
	return n.ledger.writer.act(ctx, func(b *batch) error {
		if _, err := b.exec(`UPDATE notices SET state = $1, status = $2, trouble = $3, tries = tries + 1, tried_us = $4 WHERE id = $5`,
			string(NoticeUndelivered), status, trouble, micros(b.now), one.ID); err != nil {
			return err
		}
		b.event(Event{
			Site: one.Target.Site, Kind: KindNoticeUndelivered, Release: one.Release, Request: one.Request,
			Why: fmt.Sprintf("%s was not told of %s: %s", one.Target.Name, one.Type, trouble),
		})
		return nil
	})
}

// Replay puts a notice that was delivered or given up at the end of the line again, to be
// tried until an instant. It keeps its id, so that a target that took it before
// recognises it.
func (n Notices) Replay(ctx context.Context, id, by string, until time.Time) (Notice, error) {
	return do(ctx, n.ledger.writer, func(b *batch) (one Notice, err error) {
		one, err = scanNotice(func(into ...any) error {
			return b.queryRow(`SELECT `+noticeColumns+` FROM notices WHERE id = $1`, []any{id}, into...)
		})
		if errors.Is(err, sql.ErrNoRows) {
			return one, fmt.Errorf("notice %s: %w", id, ErrNotFound)
		}
		if err != nil || one.State == NoticeWaiting {
			return one, err
		}
		line, err := lastLine(b, one.Target)
		if err != nil {
			return one, err
		}
		if _, err := b.exec(`UPDATE notices SET state = $1, line = $2, tries = 0, due_us = $3, until_us = $4 WHERE id = $5`,
			string(NoticeWaiting), line+1, micros(b.now), micros(until), id); err != nil {
			return one, err
		}
		b.event(Event{
			Site: one.Target.Site, Kind: KindNoticeReplayed, Release: one.Release, Request: one.Request, By: by,
			Why: one.Target.Name + " is told again of " + one.Type,
		})
		one.State, one.Tries, one.Due, one.Until = NoticeWaiting, 0, b.now, until
		return one, nil
	})
}
