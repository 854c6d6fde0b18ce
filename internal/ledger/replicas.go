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
	// ID is unique to one start of a process.
	ID string
	// Name is for people, and Machine is the id of the state folder's machine.
	Name, Machine string
	Version       string
	// Config is the hash of the configuration.
	Config        string
	Started, Seen time.Time
}

// Beat is how often a replica says that it lives, at least; Silent is how long it may say
// nothing before others report it.
const (
	Beat   = 5 * time.Second
	Silent = 3 * Beat
)

// keepReplicas is how long a silent replica stays on the list, so that people can find out
// which one did something.
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

// Configured sets the hash of the configuration that this replica reports, from its next
// transaction on.
func (l *Ledger) Configured(hash string) { l.writer.configured.Store(&hash) }

// mark writes the transaction's number, and that this replica lives, into the transaction itself.
func mark(b *batch, number int64) error {
	s := b.w.ledger.Self()
	_, err := b.exec(`INSERT INTO replicas (id, name, machine, version, config, started_us, seen_us, batch) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET seen_us = excluded.seen_us, config = excluded.config, batch = excluded.batch`,
		s.ID, s.Name, s.Machine, s.Version, s.Config, micros(s.Started), micros(b.now), number)
	return err
}

// marked is the number of this replica's last committed transaction.
func marked(b *batch) (number int64, err error) {
	err = b.queryRow(`SELECT batch FROM replicas WHERE id = $1`, []any{b.w.self.ID}, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return number, err
}

// Live says that this replica lives, as every transaction does, and removes replicas that
// have been silent for a day.
func (l *Ledger) Live(ctx context.Context) error {
	return l.writer.act(ctx, func(b *batch) error {
		changed := b.changed
		_, err := b.exec(`DELETE FROM replicas WHERE seen_us < $1`, micros(b.now.Add(-keepReplicas)))
		b.changed = changed // nobody is to be woken
		return err
	})
}

// leaveLimit bounds the time for leave.
const leaveLimit = 2 * time.Second

// leave takes this replica off the list when it ends, and gives up its claims, so that
// others can take them at once. If that can't be written, the claims lapse by themselves.
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

// Replicas are the processes that use the ledger, or did within a day, in the order of
// their starts.
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
