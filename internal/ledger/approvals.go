package ledger

import (
	"context"
	"fmt"
	"time"
)

// Approval is a run that waits, before a job with an environment, until the app
// lets it begin.
type Approval struct {
	Site, Run, Environment string
	Since                  time.Time
	// Comment is the last one that people were told, Comments how many there
	// were: GitHub takes ten.
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

// Comment notes what people were told about a run that waits.
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
