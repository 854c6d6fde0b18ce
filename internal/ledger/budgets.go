package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Budget is what is known of the limits that GitHub sets to the calls of an installation:
// Quota calls an hour, of which Remaining are left until Reset; Until, before when nothing
// may be sent; and Met, how many refusals in a row did not say for how long. The zero
// Budget is that nothing is known.
type Budget struct {
	Quota, Remaining, Met int
	Reset, Until          time.Time
}

// Budgets are what is known of the limits of GitHub's installations, for all who call.
type Budgets struct{ ledger *Ledger }

// Budgets are what is known of the limits of GitHub's installations, for all who call.
func (l *Ledger) Budgets() Budgets { return Budgets{l} }

const budgetColumns = `quota, remaining, reset_us, until_us, met`

func (b *Budget) scan(row row) error {
	var reset, until int64
	err := row.Scan(&b.Quota, &b.Remaining, &reset, &until, &b.Met)
	b.Reset, b.Until = fromMicros(reset), fromMicros(until)
	return err
}

// Of is what is known of an installation.
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

// Change changes what is known of an installation. Change may be called more than once.
func (g Budgets) Change(ctx context.Context, installation int64, change func(Budget) Budget) error {
	_, err := quietly(ctx, g.ledger, installation, func(b *batch) (is Budget, err error) {
		if err := is.scan(scanner(func(into ...any) error {
			return b.queryRow(`SELECT `+budgetColumns+` FROM github_budgets WHERE installation = $1`, []any{installation}, into...)
		})); err != nil {
			return is, err
		}
		is = change(is)
		_, err = b.exec(`UPDATE github_budgets SET quota = $1, remaining = $2, reset_us = $3, until_us = $4, met = $5 WHERE installation = $6`,
			is.Quota, is.Remaining, micros(is.Reset), micros(is.Until), is.Met, installation)
		return is, err
	})
	return err
}

// scanner is a row whose reading is a function.
type scanner func(into ...any) error

// Scan reads the row.
func (s scanner) Scan(into ...any) error { return s(into...) }

// Turn reserves the next instant for a call of an installation, of those that change
// something or of those that do not, so far apart from the one before. One that lies
// further ahead than within is told and not reserved: ok is false.
func (g Budgets) Turn(ctx context.Context, installation int64, change bool, apart, within time.Duration) (at time.Time, ok bool, err error) {
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
		if t.ok = t.at.Sub(b.now) <= within; !t.ok {
			return t, nil
		}
		_, err = b.exec(`UPDATE github_budgets SET `+column+` = $1 WHERE installation = $2`, micros(t.at.Add(apart)), installation)
		return t, err
	})
	return got.at, got.ok, err
}

// quietly changes the row of an installation, which is there then, and wakes nobody. It is
// no part of what a claim fences: GitHub counts the call whoever made it.
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
