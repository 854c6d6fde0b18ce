package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

const noticeColumns = `id, site, target, type, release_no, request_id, body, state, tries, status, trouble, created_us, due_us, until_us, tried_us, answer, watermark_us`

func scanNotice(scan func(into ...any) error) (Notice, error) {
	var n Notice
	var created, due, until, tried, watermark int64
	err := scan(&n.ID, &n.Target.Site, &n.Target.Name, &n.Type, &n.Release, &n.Request, &n.Body, &n.State, &n.Tries, &n.Status, &n.Trouble,
		&created, &due, &until, &tried, &n.Answer, &watermark)
	n.Created, n.Due, n.Until, n.Tried = fromMicros(created), fromMicros(due), fromMicros(until), fromMicros(tried)
	n.Watermark = fromMicros(watermark)
	return n, err
}

// NoticeFilter chooses notices of a site: of one target, of one state; "" for all.
type NoticeFilter struct {
	Target string
	State  NoticeState
}

// Notices lists the notices of a site, newest first.
func (s *Snapshot) Notices(ctx context.Context, site string, f NoticeFilter, limit int) ([]Notice, error) {
	if _, err := s.sites.policy(site); err != nil {
		return nil, err
	}
	rows, err := s.q.QueryContext(ctx, `SELECT `+noticeColumns+` FROM notices
		WHERE site = $1 AND (target = $2 OR $2 = '') AND (state = $3 OR $3 = '') ORDER BY created_us DESC, line DESC LIMIT CAST($4 AS BIGINT)`,
		site, f.Target, string(f.State), limit)
	if err != nil {
		return nil, fmt.Errorf("read notices: %w", s.engine.Explain(err))
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		n, err := scanNotice(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read notices: %w", err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// Notice reads one notice of a site. It fails with ErrNotFound if there is none.
func (s *Snapshot) Notice(ctx context.Context, site, id string) (Notice, error) {
	n, err := scanNotice(s.q.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM notices WHERE id = $1 AND site = $2`, id, site).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return n, fmt.Errorf("notice %s of %s: %w", id, site, ErrNotFound)
	}
	if err != nil {
		return n, fmt.Errorf("read notice %s: %w", id, s.engine.Explain(err))
	}
	return n, nil
}

// CountNotices counts the notices of a site in a state: of one target, or of all
// for "".
func (r noticeReader) CountNotices(ctx context.Context, to NoticeTarget, state NoticeState) (n int, err error) {
	err = r.q.QueryRowContext(ctx, `SELECT COUNT(*) FROM notices WHERE site = $1 AND (target = $2 OR $2 = '') AND state = $3`,
		to.Site, to.Name, string(state)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count notices: %w", r.engine.Explain(err))
	}
	return n, nil
}

// FirstNotice is the first in line of a target's notices that wait; false for none.
func (r noticeReader) FirstNotice(ctx context.Context, to NoticeTarget) (Notice, bool, error) {
	n, err := scanNotice(r.q.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM notices
		WHERE site = $1 AND target = $2 AND state = 'waiting' ORDER BY line LIMIT 1`, to.Site, to.Name).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return n, false, nil
	}
	if err != nil {
		return n, false, fmt.Errorf("read the next notice of %s: %w", to.Name, r.engine.Explain(err))
	}
	return n, true, nil
}

// NoticesInLine are a target's notices that wait, in their order.
func (r noticeReader) NoticesInLine(ctx context.Context, to NoticeTarget, limit int) ([]Notice, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT `+noticeColumns+` FROM notices
		WHERE site = $1 AND target = $2 AND state = 'waiting' ORDER BY line LIMIT CAST($3 AS BIGINT)`, to.Site, to.Name, limit)
	if err != nil {
		return nil, fmt.Errorf("read the notices that wait for %s: %w", to.Name, r.engine.Explain(err))
	}
	defer rows.Close()
	var out []Notice
	for rows.Next() {
		n, err := scanNotice(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("read the notices that wait for %s: %w", to.Name, err)
		}
		out = append(out, n)
	}
	return out, rows.Err()
}

// NoticeCursor is how far notices have been made for a target.
func (r noticeReader) NoticeCursor(ctx context.Context, to NoticeTarget) (c NoticeCursor, err error) {
	err = r.q.QueryRowContext(ctx, `SELECT event_id, place, memory FROM notice_targets WHERE site = $1 AND target = $2`,
		to.Site, to.Name).Scan(&c.Event, &c.Place, &c.Memory)
	if err != nil {
		return c, fmt.Errorf("read how far %s has been told: %w", to.Name, r.engine.Explain(err))
	}
	return c, nil
}

// NoticePlace identifies a target's message about a release; "" when there is none.
func (r noticeReader) NoticePlace(ctx context.Context, to NoticeTarget, number int64) (place string, err error) {
	err = r.q.QueryRowContext(ctx, `SELECT place FROM notice_places WHERE site = $1 AND target = $2 AND release_no = $3`, to.Site, to.Name, number).Scan(&place)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read where the message about release #%d is: %w", number, r.engine.Explain(err))
	}
	return place, nil
}

// RequestsInLine lists requests of a site with places after one and up to another,
// in their order.
func (r reader) RequestsInLine(ctx context.Context, site string, after, upto int64, limit int) ([]Request, error) {
	return r.requests(ctx, `WHERE site = $1 AND place > $2 AND place <= $3 ORDER BY place LIMIT CAST($4 AS BIGINT)`, site, after, upto, limit)
}
