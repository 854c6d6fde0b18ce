package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Kinds of events about hand-offs.
const (
	KindHandoffLate   = "handoff.late"
	KindHandoffOnTime = "handoff.on_time"
)

// Handed says up to which content a target has taken hand-offs.
type Handed struct {
	// Watermark is the instant up to which the target knows content to be live; zero
	// before the first hand-off. It never goes back.
	Watermark time.Time
	// Late is when it was noticed that the target did not take a hand-off in time; zero
	// while it does.
	Late time.Time
	// Oldest is when the oldest content went live that the target does not know of; zero for none.
	Oldest time.Time
	// Waiting counts the hand-offs that the target has not taken, and Undelivered those of
	// them that were given up.
	Waiting, Undelivered int
	// Last is the last hand-off that was tried, with its answer; the zero value for none.
	Last Notice
}

// putHanded moves a target's watermark on, never back.
func putHanded(b *batch, to NoticeTarget, watermark time.Time) error {
	if watermark.IsZero() {
		return nil
	}
	_, err := b.exec(`UPDATE notice_targets SET handed_us = $1 WHERE site = $2 AND target = $3 AND handed_us < $1`, micros(watermark), to.Site, to.Name)
	return err
}

// Late notes that a target has become late with its hand-offs, or has caught up. Each
// change is noted once in the audit trail, with why for operators.
func (n Notices) Late(ctx context.Context, to NoticeTarget, late bool, why string) error {
	return n.ledger.writer.act(ctx, func(b *batch) error {
		kind, since, was := KindHandoffOnTime, int64(0), "late_us > 0"
		if late {
			kind, since, was = KindHandoffLate, micros(b.now), "late_us = 0"
		}
		res, err := b.exec(`UPDATE notice_targets SET late_us = $1 WHERE site = $2 AND target = $3 AND `+was, since, to.Site, to.Name)
		if changed, err := b.inserted(res, err); err != nil || !changed {
			return err
		}
		b.event(Event{Site: to.Site, Kind: kind, Why: why})
		return nil
	})
}

// Handed says up to which content a target has taken hand-offs; the zero value for an
// unknown target. A hand-off that was given up counts as Undelivered until the target
// takes a later one.
func (r noticeReader) Handed(ctx context.Context, to NoticeTarget) (Handed, error) {
	var handed, late, oldest int64
	var h Handed
	err := r.q.QueryRowContext(ctx, `SELECT handed_us, late_us FROM notice_targets WHERE site = $1 AND target = $2`, to.Site, to.Name).Scan(&handed, &late)
	if errors.Is(err, sql.ErrNoRows) {
		return h, nil
	}
	if err == nil {
		err = r.q.QueryRowContext(ctx, `SELECT COALESCE(MIN(created_us), 0), COUNT(CASE WHEN state = 'waiting' THEN 1 END), COUNT(CASE WHEN state = 'undelivered' THEN 1 END)
			FROM notices WHERE site = $1 AND target = $2 AND watermark_us > 0 AND (state = 'waiting' OR state = 'undelivered' AND watermark_us > $3)`,
			to.Site, to.Name, handed).Scan(&oldest, &h.Waiting, &h.Undelivered)
	}
	if err == nil {
		h.Last, err = scanNotice(r.q.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM notices
			WHERE site = $1 AND target = $2 AND watermark_us > 0 AND tried_us > 0 ORDER BY tried_us DESC, line DESC LIMIT 1`, to.Site, to.Name).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			err = nil
		}
	}
	if err != nil {
		return h, fmt.Errorf("read the hand-offs of %s: %w", to.Name, r.engine.Explain(err))
	}
	h.Watermark, h.Late, h.Oldest = fromMicros(handed), fromMicros(late), fromMicros(oldest)
	return h, nil
}
