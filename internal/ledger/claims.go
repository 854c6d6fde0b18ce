package ledger

import (
	"context"
	"database/sql"
	"errors"
)

// Claim claims a task for a Lease, so that no other replica carries it out. ok is false
// if another replica has it, or it is done. claimed is the task as stored now. A process
// that has its ledger alone gets every claim.
func (o Outbox) Claim(ctx context.Context, task Task) (claimed Task, ok bool, err error) {
	if !o.ledger.Shared() {
		return task, true, nil
	}
	ok, err = do(ctx, o.ledger.writer, func(b *batch) (bool, error) {
		var holder string
		var until, started int64
		err := b.queryRow(`SELECT claimed_by, claimed_us, token, tries, started_us FROM outbox WHERE id = $1`, []any{task.ID},
			&holder, &until, &task.token, &task.Tries, &started)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil // it is done
		}
		if err != nil || holder != b.w.self.ID && until > micros(b.now) {
			return false, err
		}
		task.token++
		task.Started = fromMicros(started)
		changed := b.changed
		_, err = b.exec(`UPDATE outbox SET claimed_by = $1, claimed_us = $2, token = $3 WHERE id = $4`,
			b.w.self.ID, micros(b.now.Add(Lease)), task.token, task.ID)
		b.changed = changed // nobody is to be woken
		return err == nil, err
	})
	return task, ok, err
}

// Renew extends a claim by another Lease. ok is false if another replica has taken the task over.
func (o Outbox) Renew(ctx context.Context, task Task) (ok bool, err error) {
	return do(ctx, o.ledger.writer, func(b *batch) (bool, error) {
		changed := b.changed
		res, err := b.exec(`UPDATE outbox SET claimed_us = $1 WHERE id = $2 AND claimed_by = $3 AND token = $4`,
			micros(b.now.Add(Lease)), task.ID, b.w.self.ID, task.token)
		b.changed = changed // nobody is to be woken
		return b.inserted(res, err)
	})
}

// Fenced gives a context under which the ledger writes only as long as the task's claim is
// held: once another replica has taken it over, calls fail with ErrTakenOver.
func (t Task) Fenced(ctx context.Context) context.Context {
	if t.token == 0 {
		return ctx
	}
	return withFence(ctx, fence{task: t.ID, token: t.token})
}
