package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Delivery is a webhook that was received from GitHub. Stage orders the webhooks of one
// attempt of a run; Run is "" for a webhook about no run.
type Delivery struct {
	ID, Event, Doc string
	Run            string
	Attempt, Stage int
	Received       time.Time
	// Processed is when it was processed; zero before.
	Processed time.Time
}

// Deliveries are the webhooks that the ledger keeps.
type Deliveries struct{ ledger *Ledger }

// Deliveries are the webhooks that the ledger keeps.
func (l *Ledger) Deliveries() Deliveries { return Deliveries{l} }

// Put keeps a webhook. Once it returns without an error the webhook is on disk and may be
// acknowledged. fresh is false if its id is known: GitHub redelivers a webhook under the
// same id.
func (d Deliveries) Put(ctx context.Context, one Delivery) (fresh bool, err error) {
	return do(ctx, d.ledger.writer, func(b *batch) (bool, error) {
		res, err := b.exec(`INSERT INTO deliveries (id, event, doc, run, attempt, stage, received_us, processed_us)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (id) DO NOTHING`,
			one.ID, one.Event, one.Doc, one.Run, one.Attempt, one.Stage, micros(b.now))
		return b.inserted(res, err)
	})
}

func (s *work) inserted(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil {
		return false, s.fail(err)
	}
	return n > 0, nil
}

// Waiting are webhooks that wait to be processed, oldest first.
func (d Deliveries) Waiting(ctx context.Context, limit int) ([]Delivery, error) {
	rows, err := d.ledger.q.QueryContext(ctx, `SELECT id, event, doc, run, attempt, stage, received_us FROM deliveries
		WHERE processed_us = 0 ORDER BY received_us, id LIMIT CAST($1 AS BIGINT)`, limit)
	if err != nil {
		return nil, fmt.Errorf("read the webhooks that wait: %w", d.ledger.engine.Explain(err))
	}
	defer rows.Close()
	var out []Delivery
	for rows.Next() {
		var one Delivery
		var received int64
		if err := rows.Scan(&one.ID, &one.Event, &one.Doc, &one.Run, &one.Attempt, &one.Stage, &received); err != nil {
			return nil, fmt.Errorf("read the webhooks that wait: %w", err)
		}
		one.Received = fromMicros(received)
		out = append(out, one)
	}
	return out, rows.Err()
}

// stageText reads one row at the end of an index: a run with many jobs has thousands of
// webhooks, and each new one asks for the stage.
const stageText = `SELECT COALESCE(MAX(stage), 0) FROM deliveries WHERE run = $1 AND attempt = $2 AND processed_us <> 0`

// Stage is the highest stage among the processed webhooks of an attempt of a run; 0 when
// there is none.
func (d Deliveries) Stage(ctx context.Context, run string, attempt int) (int, error) {
	var stage int
	err := d.ledger.q.QueryRowContext(ctx, stageText, run, attempt).Scan(&stage)
	if err != nil {
		return 0, fmt.Errorf("read the webhooks of run %s: %w", run, d.ledger.engine.Explain(err))
	}
	return stage, nil
}

// Processed says whether a webhook was processed.
func (d Deliveries) Processed(ctx context.Context, id string) (bool, error) {
	var processed int64
	err := d.ledger.q.QueryRowContext(ctx, `SELECT processed_us FROM deliveries WHERE id = $1`, id).Scan(&processed)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read webhook %s: %w", id, d.ledger.engine.Explain(err))
	}
	return processed != 0, nil
}

// Done notes that webhooks have been processed.
func (d Deliveries) Done(ctx context.Context, ids ...string) error {
	return d.ledger.writer.act(ctx, func(b *batch) error {
		for _, id := range ids {
			if _, err := b.exec(`UPDATE deliveries SET processed_us = $1 WHERE id = $2`, micros(b.now), id); err != nil {
				return err
			}
		}
		return nil
	})
}

// UseOnce marks a name as used, and says whether this was its first use. The name is
// remembered until an instant; the caller must refuse it afterwards for another reason,
// such as its expiry.
func (d Deliveries) UseOnce(ctx context.Context, name string, until time.Time) (first bool, err error) {
	return do(ctx, d.ledger.writer, func(b *batch) (bool, error) {
		res, err := b.exec(`INSERT INTO used_names (name, until_us) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, micros(until))
		return b.inserted(res, err)
	})
}

// keepNames is how long a name is remembered beyond its time: a clock that was put
// forward by up to a year, and back, must not let a name be used twice.
const keepNames = 400 * 24 * time.Hour

// Forget drops processed webhooks that were received before an instant, and names that
// ended more than keepNames ago.
func (d Deliveries) Forget(ctx context.Context, before time.Time) error {
	return d.ledger.writer.act(ctx, func(b *batch) error {
		if _, err := b.exec(`DELETE FROM used_names WHERE until_us < $1`, micros(b.now.Add(-keepNames))); err != nil {
			return err
		}
		_, err := b.exec(`DELETE FROM deliveries WHERE processed_us <> 0 AND received_us < $1`, micros(before))
		return err
	})
}

// Approval is a run that waits, before a job with an environment, until the app
// lets it begin.
type Approval struct {
	Site, Run, Environment string
	Since                  time.Time
	// Comment is the last comment that was posted on the approval, and Comments how many
	// there were: GitHub accepts ten.
	Comment  string
	Comments int
}

// Approvals are the runs that wait for approval.
type Approvals struct{ ledger *Ledger }

// Approvals are the runs that wait for approval.
func (l *Ledger) Approvals() Approvals { return Approvals{l} }

// Put keeps runs that wait. Those that are known stay as they are.
func (a Approvals) Put(ctx context.Context, all ...Approval) error {
	return a.ledger.writer.act(ctx, func(b *batch) error {
		for _, one := range all {
			if _, err := b.exec(`INSERT INTO approvals (site, run, environment, since_us, comment, comments)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (site, run, environment) DO NOTHING`,
				one.Site, one.Run, one.Environment, micros(one.Since), one.Comment, one.Comments); err != nil {
				return err
			}
		}
		return nil
	})
}

// Waiting are the runs that wait, the one that waits longest first.
func (a Approvals) Waiting(ctx context.Context) ([]Approval, error) {
	rows, err := a.ledger.q.QueryContext(ctx, `SELECT site, run, environment, since_us, comment, comments FROM approvals
		ORDER BY since_us, site, run, environment`)
	if err != nil {
		return nil, fmt.Errorf("read the runs that wait for approval: %w", a.ledger.engine.Explain(err))
	}
	defer rows.Close()
	var out []Approval
	for rows.Next() {
		var one Approval
		var since int64
		if err := rows.Scan(&one.Site, &one.Run, &one.Environment, &since, &one.Comment, &one.Comments); err != nil {
			return nil, fmt.Errorf("read the runs that wait for approval: %w", err)
		}
		one.Since = fromMicros(since)
		out = append(out, one)
	}
	return out, rows.Err()
}

// Comment notes a comment that was posted about a run that waits.
func (a Approvals) Comment(ctx context.Context, one Approval, comment string) error {
	return a.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE approvals SET comment = $1, comments = comments + 1 WHERE site = $2 AND run = $3 AND environment = $4`,
			comment, one.Site, one.Run, one.Environment)
		return err
	})
}

// Drop forgets a run that waits no more.
func (a Approvals) Drop(ctx context.Context, one Approval) error {
	return a.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`DELETE FROM approvals WHERE site = $1 AND run = $2 AND environment = $3`, one.Site, one.Run, one.Environment)
		return err
	})
}
