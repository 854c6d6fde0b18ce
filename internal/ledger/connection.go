package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// start begins a transaction, on a new connection if there is none, and gives the time to
// decide by. A connection that can't begin is closed: it may be stuck in a transaction
// that could not be rolled back.
func (w *writer) start(ctx context.Context) (time.Time, error) {
	if w.conn == nil {
		conn, err := w.db.Conn(ctx)
		if err != nil {
			return time.Time{}, fmt.Errorf("connect for writing: %w", w.ledger.engine.Explain(err))
		}
		w.conn = conn
	}
	if _, err := w.conn.ExecContext(ctx, w.traits.Begin); err != nil {
		return time.Time{}, errors.Join(fmt.Errorf("begin: %w", w.ledger.engine.Explain(err)), w.disconnect())
	}
	if err := w.ledger.engine.Here(); err != nil {
		_, rollback := w.conn.ExecContext(ctx, "ROLLBACK")
		return time.Time{}, errors.Join(err, rollback)
	}
	if w.traits.Clock == "" {
		return now(), nil
	}
	var us int64
	before := time.Now()
	if err := w.conn.QueryRowContext(ctx, w.traits.Clock).Scan(&us); err != nil {
		return time.Time{}, errors.Join(fmt.Errorf("read the ledger's clock: %w", w.ledger.engine.Explain(err)), w.disconnect())
	}
	compareClocks(before, fromMicros(us), time.Now())
	return fromMicros(us), nil
}

// disconnect closes the connection; the pool does not get it back.
func (w *writer) disconnect() error {
	if w.conn == nil {
		return nil
	}
	errs := []error{}
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	clear(w.stmts)
	err := w.conn.Raw(func(any) error { return driver.ErrBadConn })
	if !errors.Is(err, driver.ErrBadConn) && !errors.Is(err, sql.ErrConnDone) { // or it broke off by itself
		errs = append(errs, err)
	}
	w.conn = nil
	return errors.Join(errs...)
}

func (w *writer) exec(ctx context.Context, text string, args ...any) (sql.Result, error) {
	if !w.traits.Prepared {
		return w.conn.ExecContext(ctx, text, args...)
	}
	s, err := w.stmt(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (w *writer) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if !w.traits.Prepared {
		return w.conn.QueryContext(ctx, text, args...)
	}
	s, err := w.stmt(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (w *writer) queryRow(ctx context.Context, text string, args ...any) row {
	if !w.traits.Prepared {
		return w.conn.QueryRowContext(ctx, text, args...)
	}
	s, err := w.stmt(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return noRow{err}
	}
	return s.QueryRowContext(ctx, args...)
}

// stmt prepares a statement once.
func (w *writer) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := w.stmts[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("prepare a statement: %w", err)
	}
	w.stmts[text] = s
	return s, nil
}
