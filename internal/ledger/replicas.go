package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Replica is a process of the app on a ledger that several share.
type Replica struct {
	// ID is of one start of a process, and nobody else's.
	ID string
	// Name is for people, Machine that of the state folder.
	Name, Machine string
	Version       string
	// Config is the hash of the configuration.
	Config        string
	Started, Seen time.Time
}

// Beat is how often a replica says that it lives, at least; Silent is how long one may not
// have been heard of before others say so.
const (
	Beat   = 5 * time.Second
	Silent = 3 * Beat
)

// keepReplicas is how long one is kept that is not heard of any more: as long as anybody may
// ask which one did something.
const keepReplicas = 24 * time.Hour

// Shared says whether several processes may use the ledger at a time.
func (l *Ledger) Shared() bool { return l.writer.traits.Shared }

// Self is this process among the replicas.
func (l *Ledger) Self() Replica {
	self := l.writer.self
	if hash := l.writer.configured.Load(); hash != nil {
		self.Config = *hash
	}
	return self
}

// Configured has this replica say from its next transaction on that it goes by another
// configuration, by the hash of that.
func (l *Ledger) Configured(hash string) { l.writer.configured.Store(&hash) }

// mark notes in the transaction itself which one it is, and that this replica lives.
func mark(b *batch, number int64) error {
	s := b.w.ledger.Self()
	_, err := b.exec(`INSERT INTO replicas (id, name, machine, version, config, started_us, seen_us, batch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET seen_us = excluded.seen_us, config = excluded.config, batch = excluded.batch`,
		s.ID, s.Name, s.Machine, s.Version, s.Config, micros(s.Started), micros(b.now), number)
	return err
}

// marked is the number of this replica's last transaction that is there.
func marked(b *batch) (number int64, err error) {
	err = b.queryRow(`SELECT batch FROM replicas WHERE id = $1`, []any{b.w.self.ID}, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return number, err
}

// Live says that this replica lives: every transaction does, and this one does nothing
// else. It forgets those that have not been heard of for a day.
func (l *Ledger) Live(ctx context.Context) error {
	return l.writer.act(ctx, func(b *batch) error {
		changed := b.changed
		_, err := b.exec(`DELETE FROM replicas WHERE seen_us < $1`, micros(b.now.Add(-keepReplicas)))
		b.changed = changed // nobody is to be woken
		return err
	})
}

// leaveLimit bounds what is done when a replica ends.
const leaveLimit = 2 * time.Second

// leave takes this replica off the list, since it ends, and lets others have its claims at
// once. Where that can't be written they end by themselves.
func (l *Ledger) leave() {
	if !l.Shared() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), leaveLimit)
	defer cancel()
	_ = l.writer.act(ctx, func(b *batch) error {
		b.leaves = true
		if _, err := b.exec(`UPDATE duties SET until_us = 0 WHERE holder = $1`, b.w.self.ID); err != nil {
			return err
		}
		if _, err := b.exec(`UPDATE outbox SET claimed_us = 0 WHERE claimed_by = $1`, b.w.self.ID); err != nil {
			return err
		}
		_, err := b.exec(`DELETE FROM replicas WHERE id = $1`, b.w.self.ID)
		return err
	}) // see above
}

// Replicas are the processes that use the ledger, or did a day ago, the one that began
// first before the others.
func (r reader) Replicas(ctx context.Context) ([]Replica, error) {
	rows, err := r.q.QueryContext(ctx, `SELECT id, name, machine, version, config, started_us, seen_us FROM replicas ORDER BY started_us, id`)
	if err != nil {
		return nil, fmt.Errorf("read the replicas: %w", r.engine.Explain(err))
	}
	defer rows.Close()
	var out []Replica
	for rows.Next() {
		var one Replica
		var started, seen int64
		if err := rows.Scan(&one.ID, &one.Name, &one.Machine, &one.Version, &one.Config, &started, &seen); err != nil {
			return nil, fmt.Errorf("read the replicas: %w", err)
		}
		one.Started, one.Seen = fromMicros(started), fromMicros(seen)
		out = append(out, one)
	}
	return out, rows.Err()
}
