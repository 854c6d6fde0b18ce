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

// PutApprovals keeps runs that wait. Those that are known stay as they are.
func (l *Ledger) PutApprovals(ctx context.Context, all ...Approval) error {
	return l.writer.act(ctx, func(b *batch) error {
		for _, a := range all {
			if _, err := b.exec(`INSERT INTO approvals (site, run, environment, since_us, comment, comments)
				VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (site, run, environment) DO NOTHING`,
				a.Site, a.Run, a.Environment, micros(a.Since), a.Comment, a.Comments); err != nil {
				return err
			}
		}
		return nil
	})
}

// Approvals are the runs that wait, the one that waits longest first.
func (l *Ledger) Approvals(ctx context.Context) ([]Approval, error) {
	rows, err := l.q.QueryContext(ctx, `SELECT site, run, environment, since_us, comment, comments FROM approvals
		ORDER BY since_us, site, run, environment`)
	if err != nil {
		return nil, fmt.Errorf("read the runs that wait for approval: %w", l.engine.Explain(err))
	}
	defer rows.Close()
	var out []Approval
	for rows.Next() {
		var a Approval
		var since int64
		if err := rows.Scan(&a.Site, &a.Run, &a.Environment, &since, &a.Comment, &a.Comments); err != nil {
			return nil, fmt.Errorf("read the runs that wait for approval: %w", err)
		}
		a.Since = fromMicros(since)
		out = append(out, a)
	}
	return out, rows.Err()
}

// CommentApproval notes what people were told about a run that waits.
func (l *Ledger) CommentApproval(ctx context.Context, a Approval, comment string) error {
	return l.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE approvals SET comment = $1, comments = comments + 1 WHERE site = $2 AND run = $3 AND environment = $4`,
			comment, a.Site, a.Run, a.Environment)
		return err
	})
}

// DropApproval forgets a run that waits no more.
func (l *Ledger) DropApproval(ctx context.Context, a Approval) error {
	return l.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`DELETE FROM approvals WHERE site = $1 AND run = $2 AND environment = $3`, a.Site, a.Run, a.Environment)
		return err
	})
}
