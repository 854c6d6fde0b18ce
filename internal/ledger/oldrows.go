package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/release"
)

// OldTable is a table whose old rows are removed.
type OldTable string

// The tables whose old rows are removed.
const (
	OldRequests  OldTable = "requests"
	OldEvents    OldTable = "events"
	OldReleases  OldTable = "releases"
	OldHookCalls OldTable = "hook_deliveries"
)

// OldTables are all of them, in the order in which rows are removed: the events of a
// request after the request.
var OldTables = []OldTable{OldRequests, OldEvents, OldReleases, OldHookCalls}

// MostAtOnce bounds how many rows one transaction removes, so that other decisions do not
// wait long.
const MostAtOnce = 128

// OldRow is a row that may be removed: its key, and all of its columns as JSON.
type OldRow struct {
	Key  any
	Text json.RawMessage
}

// Past says which rows are old.
type Past struct {
	Site    string
	Removed release.Removed
	// Before is the instant before which events are old, and HooksBefore that for
	// deliveries of hooks; zero for none.
	Before, HooksBefore time.Time
	// After is the key of the last row that was read; nil to begin.
	After any
}

// Old reads rows of a table that may be removed, the oldest first, at most MostAtOnce.
func (r Retention) Old(ctx context.Context, table OldTable, p Past) (rows []OldRow, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *Snapshot) error {
		text, args, err := r.oldText(ctx, s, table, p)
		if err != nil || text == "" {
			return err
		}
		rows, err = oldRows(ctx, s, text, args)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read old rows of %s: %w", table, r.ledger.engine.Explain(err))
	}
	return rows, nil
}

// oldText is the query for the old rows of a table; "" when there are none.
func (r Retention) oldText(ctx context.Context, s *Snapshot, table OldTable, p Past) (text string, args []any, err error) {
	switch table {
	case OldRequests:
		return `SELECT id, requests.* FROM requests WHERE site = $1 AND place <> 0 AND place <= $2 AND (place > 0 OR accepted_us < $3)
			ORDER BY place, id LIMIT CAST($4 AS BIGINT)`, []any{p.Site, p.Removed.Place, micros(p.Removed.Before), MostAtOnce}, nil
	case OldReleases:
		return `SELECT number, releases.* FROM releases WHERE site = $1 AND number <= $2 ORDER BY number LIMIT CAST($3 AS BIGINT)`,
			[]any{p.Site, p.Removed.Release, MostAtOnce}, nil
	case OldHookCalls:
		return `SELECT id, hook_deliveries.* FROM hook_deliveries WHERE site = $1 AND received_us < $2 ORDER BY id LIMIT CAST($3 AS BIGINT)`,
			[]any{p.Site, micros(p.HooksBefore), MostAtOnce}, nil
	case OldEvents:
		upto, err := firstKept(ctx, s, p)
		after, _ := p.After.(int64) // nil: from the beginning
		return `SELECT id, events.* FROM events WHERE site = $1 AND id > $2 AND id < $3 AND at_us < $4 AND release_no <= $5
			AND NOT EXISTS (SELECT 1 FROM requests WHERE requests.id = events.request_id) ORDER BY id LIMIT CAST($6 AS BIGINT)`,
			[]any{p.Site, after, upto, micros(p.Before), p.Removed.Release, MostAtOnce}, err
	}
	return "", nil, fmt.Errorf("%s is not a table whose rows are removed", table)
}

// firstKept is the first event that stays, with all after it: the oldest of the first
// event of the site that is not old, the first that a target has still to be told of, and
// the newest of all, from which the next ids are counted.
func firstKept(ctx context.Context, s *Snapshot, p Past) (id int64, err error) {
	err = s.q.QueryRowContext(ctx, `SELECT COALESCE(MIN(first), 0) FROM (
		SELECT MAX(id) AS first FROM events
		UNION ALL SELECT id FROM (SELECT id FROM events WHERE site = $1 AND at_us >= $2 ORDER BY id LIMIT 1) AS young
		UNION ALL SELECT event_id FROM notice_targets WHERE site = $1) AS firsts`, p.Site, micros(p.Before)).Scan(&id)
	return id, err
}

// oldRows reads all columns of rows, so that the export stays whole when a column is
// added. The first column is the key.
func oldRows(ctx context.Context, s *Snapshot, text string, args []any) ([]OldRow, error) {
	rows, err := s.q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []OldRow
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		fields := map[string]any{}
		for i, name := range columns[1:] {
			fields[name] = plainValue(values[i+1])
		}
		text, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		out = append(out, OldRow{Key: plainValue(values[0]), Text: text})
	}
	return out, rows.Err()
}

// plainValue is a column's value for JSON: bytes that a driver returns for text become a string.
func plainValue(v any) any {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return v
}

// Remove deletes rows that Old gave, in one transaction. A request is removed from the
// search index too.
func (r Retention) Remove(ctx context.Context, table OldTable, site string, rows []OldRow) error {
	if len(rows) > MostAtOnce {
		return fmt.Errorf("%d rows of %s are more than one transaction removes (%d)", len(rows), table, MostAtOnce)
	}
	return r.ledger.writer.act(ctx, func(b *batch) error {
		changed := b.changed
		for _, row := range rows {
			if err := b.removeOld(table, site, row.Key); err != nil {
				return err
			}
		}
		b.changed = changed // Cut has woken those who wait for it
		return nil
	})
}

func (b *batch) removeOld(table OldTable, site string, key any) error {
	var err error
	switch table {
	case OldRequests:
		search := b.w.ledger.engine.Search()
		if _, err = b.exec(search.Forget, search.Match([]database.Sought{{Text: fmt.Sprint(key)}}), key); err == nil {
			_, err = b.exec(`DELETE FROM requests WHERE id = $1`, key)
		}
	case OldEvents:
		_, err = b.exec(`DELETE FROM events WHERE id = $1`, key)
	case OldReleases:
		_, err = b.exec(`DELETE FROM releases WHERE site = $1 AND number = $2`, site, key)
	case OldHookCalls:
		_, err = b.exec(`DELETE FROM hook_deliveries WHERE id = $1`, key)
	}
	return err
}
