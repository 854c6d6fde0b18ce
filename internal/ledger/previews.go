package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Preview is the stored state of a pull request's preview.
type Preview struct {
	Site   string
	Number int64 // of the pull request
	Doc    string
	// Due is when the app must look at it again.
	Due time.Time
	// Version is the version that the next write must find; 0 for a new preview.
	Version int64
}

// The kinds of events about previews.
const (
	KindPreviewAsked    = "preview.asked"
	KindPreviewExtended = "preview.extended"
	KindPreviewRemoved  = "preview.removed"
)

// ErrPreviewChanged says that another process wrote the preview in the meantime.
var ErrPreviewChanged = errors.New("somebody else changed the preview in the meantime")

// Previews are those of pull requests.
type Previews struct{ ledger *Ledger }

// Previews are those of pull requests.
func (l *Ledger) Previews() Previews { return Previews{l} }

// Get reads the preview of a pull request; ok is false when there is none.
func (p Previews) Get(ctx context.Context, site string, number int64) (one Preview, ok bool, err error) {
	found, err := readPreviews(ctx, p.ledger.access, `WHERE site = $1 AND number = $2`, site, number)
	if err != nil || len(found) == 0 {
		return Preview{Site: site, Number: number}, false, err
	}
	return found[0], true, nil
}

// Due are the previews that are due by an instant, up to limit, the longest due first.
func (p Previews) Due(ctx context.Context, by time.Time, limit int) ([]Preview, error) {
	return readPreviews(ctx, p.ledger.access, `WHERE due_us <= $1 ORDER BY due_us, site, number LIMIT CAST($2 AS BIGINT)`, micros(by), limit)
}

// Of are a site's previews, up to limit, the newest pull request first.
func (p Previews) Of(ctx context.Context, site string, limit int) ([]Preview, error) {
	return readPreviews(ctx, p.ledger.access, ofSite, site, limit)
}

// Previews are those of a site, as Of of the ledger gives them.
func (s *Snapshot) Previews(ctx context.Context, site string, limit int) ([]Preview, error) {
	return readPreviews(ctx, s.access, ofSite, site, limit)
}

const (
	selectPreviews = `SELECT site, number, version, due_us, doc FROM previews `
	ofSite         = `WHERE site = $1 ORDER BY number DESC LIMIT CAST($2 AS BIGINT)`
)

func readPreviews(ctx context.Context, from access, which string, args ...any) ([]Preview, error) {
	rows, err := from.q.QueryContext(ctx, selectPreviews+which, args...)
	if err != nil {
		return nil, fmt.Errorf("read the previews of pull requests: %w", from.engine.Explain(err))
	}
	return scanPreviews(rows)
}

func scanPreviews(rows *sql.Rows) ([]Preview, error) {
	defer rows.Close()
	var out []Preview
	for rows.Next() {
		var one Preview
		var due int64
		if err := rows.Scan(&one.Site, &one.Number, &one.Version, &due, &one.Doc); err != nil {
			return nil, fmt.Errorf("read the previews of pull requests: %w", err)
		}
		one.Due = fromMicros(due)
		out = append(out, one)
	}
	return out, rows.Err()
}

// Put writes a preview if its stored version is still one.Version, and events to the audit
// trail. Otherwise it writes nothing and returns ErrPreviewChanged.
func (p Previews) Put(ctx context.Context, one Preview, told ...Event) error {
	return p.guarded(ctx, func(b *batch) (int64, error) { return putPreview(b, one, told) })
}

// PutBeside is Put, if may agrees to it beside the site's other previews. They are read in the
// transaction that writes: no two are agreed to that must not stand beside one another.
func (p Previews) PutBeside(ctx context.Context, one Preview, may func(others []Preview) error, told ...Event) error {
	return p.guarded(ctx, func(b *batch) (int64, error) {
		rows, err := b.query(selectPreviews+`WHERE site = $1 AND number <> $2`, one.Site, one.Number)
		if err != nil {
			return 0, err
		}
		others, err := scanPreviews(rows)
		if err != nil {
			return 0, b.fail(err)
		}
		if err := may(others); err != nil {
			return 0, err
		}
		return putPreview(b, one, told)
	})
}

func putPreview(b *batch, one Preview, events []Event) (int64, error) {
	query := `UPDATE previews SET version = version + 1, due_us = $4, doc = $5 WHERE site = $1 AND number = $2 AND version = $3`
	if one.Version == 0 {
		query = `INSERT INTO previews (site, number, version, due_us, doc) VALUES ($1, $2, $3 + 1, $4, $5) ON CONFLICT (site, number) DO NOTHING`
	}
	done, err := b.exec(query, one.Site, one.Number, one.Version, micros(one.Due), one.Doc)
	if err != nil {
		return 0, err
	}
	rows, err := done.RowsAffected()
	if rows == 1 {
		for _, e := range events {
			b.event(e)
		}
	}
	return rows, err
}

// Drop deletes a preview, under the same condition as Put.
func (p Previews) Drop(ctx context.Context, one Preview) error {
	return p.guarded(ctx, func(b *batch) (int64, error) {
		done, err := b.exec(`DELETE FROM previews WHERE site = $1 AND number = $2 AND version = $3`, one.Site, one.Number, one.Version)
		if err != nil {
			return 0, err
		}
		return done.RowsAffected()
	})
}

func (p Previews) guarded(ctx context.Context, write func(b *batch) (int64, error)) error {
	return p.ledger.writer.act(ctx, func(b *batch) error {
		rows, err := write(b)
		if err != nil {
			return fmt.Errorf("write the preview of a pull request: %w", err)
		}
		if rows == 0 {
			return ErrPreviewChanged
		}
		return nil
	})
}
