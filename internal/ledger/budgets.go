package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Budget is the known state of GitHub's rate limits for an installation: Quota calls an
// hour, of which Remaining are left until Reset; Until, the end of a pause in which
// nothing may be sent; and Refusals, how many refusals in a row named no time. The zero
// Budget knows nothing.
type Budget struct {
	Quota, Remaining, Refusals int
	Reset, Until               time.Time
}

// Budgets are the known rate limits of the App's installations at GitHub, shared by all replicas.
type Budgets struct{ ledger *Ledger }

// Budgets gives access to the rate limits of installations.
func (l *Ledger) Budgets() Budgets { return Budgets{l} }

const budgetColumns = `quota, remaining, reset_us, until_us, met`

func (b *Budget) scan(row row) error {
	var reset, until int64
	err := row.Scan(&b.Quota, &b.Remaining, &reset, &until, &b.Refusals)
	b.Reset, b.Until = fromMicros(reset), fromMicros(until)
	return err
}

// Of is the budget of an installation; the zero Budget where none is known.
func (g Budgets) Of(ctx context.Context, installation int64) (b Budget, err error) {
	err = b.scan(g.ledger.q.QueryRowContext(ctx, `SELECT `+budgetColumns+` FROM github_budgets WHERE installation = $1`, installation))
	if errors.Is(err, sql.ErrNoRows) {
		return Budget{}, nil
	}
	if err != nil {
		return Budget{}, fmt.Errorf("read the budget of installation %d: %w", installation, g.ledger.engine.Explain(err))
	}
	return b, nil
}

// Change replaces the budget of an installation by the result of change, which may be
// called more than once.
func (g Budgets) Change(ctx context.Context, installation int64, change func(Budget) Budget) error {
	_, err := quietly(ctx, g.ledger, installation, func(b *batch) (is Budget, err error) {
		if err := is.scan(scanner(func(into ...any) error {
			return b.queryRow(`SELECT `+budgetColumns+` FROM github_budgets WHERE installation = $1`, []any{installation}, into...)
		})); err != nil {
			return is, err
		}
		is = change(is)
		_, err = b.exec(`UPDATE github_budgets SET quota = $1, remaining = $2, reset_us = $3, until_us = $4, met = $5 WHERE installation = $6`,
			is.Quota, is.Remaining, micros(is.Reset), micros(is.Until), is.Refusals, installation)
		return is, err
	})
	return err
}

// scanner makes a row of a function that reads it.
type scanner func(into ...any) error

// Scan reads the row.
func (s scanner) Scan(into ...any) error { return s(into...) }

// Turn reserves the next instant for a call of an installation, at least interval after
// the one before. Calls that change something have instants of their own. If the instant
// lies further ahead than limit, Turn returns it without reserving it, and ok is false.
func (g Budgets) Turn(ctx context.Context, installation int64, change bool, interval, limit time.Duration) (at time.Time, ok bool, err error) {
	column := "read_us"
	if change {
		column = "change_us"
	}
	type turn struct {
		at time.Time
		ok bool
	}
	got, err := quietly(ctx, g.ledger, installation, func(b *batch) (t turn, err error) {
		var next int64
		if err := b.queryRow(`SELECT `+column+` FROM github_budgets WHERE installation = $1`, []any{installation}, &next); err != nil {
			return t, err
		}
		if t.at = fromMicros(next); t.at.Before(b.now) || t.at.Sub(b.now) > time.Hour { // the clock was put back
			t.at = b.now
		}
		if t.ok = t.at.Sub(b.now) <= limit; !t.ok {
			return t, nil
		}
		_, err = b.exec(`UPDATE github_budgets SET `+column+` = $1 WHERE installation = $2`, micros(t.at.Add(interval)), installation)
		return t, err
	})
	return got.at, got.ok, err
}

// quietly makes the row of an installation if it is missing, changes it, and wakes nobody.
// No claim fences it: GitHub counts a call, whichever replica made it.
func quietly[T any](ctx context.Context, l *Ledger, installation int64, change func(*batch) (T, error)) (T, error) {
	got, err := do(context.WithValue(ctx, fenced{}, nil), l.writer, func(b *batch) (T, error) {
		changed := b.changed
		defer func() { b.changed = changed }()
		if _, err := b.exec(`INSERT INTO github_budgets (installation, quota, remaining, reset_us, until_us, met, read_us, change_us)
			VALUES ($1, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT (installation) DO NOTHING`, installation); err != nil {
			var none T
			return none, err
		}
		return change(b)
	})
	if err != nil {
		return got, fmt.Errorf("keep the budget of installation %d: %w", installation, err)
	}
	return got, nil
}
