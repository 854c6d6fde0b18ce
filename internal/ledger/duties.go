package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Lease is how long a claim is good without being renewed, by the database's clock.
const Lease = 12 * time.Second

// ErrTakenOver: what was to be written belongs to a claim that another replica has taken
// over since. Nothing was written.
var ErrTakenOver = errors.New("another replica has taken this over")

// fence is a claim under which something is written: it is not written any more once
// another replica has the claim, however late its process notices.
type fence struct {
	duty  string // or
	task  int64
	token int64
}

type fenced struct{}

// within puts all that is written with a context under a claim.
func within(ctx context.Context, f fence) context.Context {
	return context.WithValue(ctx, fenced{}, f)
}

func fenceOf(ctx context.Context) (fence, bool) {
	f, ok := ctx.Value(fenced{}).(fence)
	return f, ok
}

// stands fails with ErrTakenOver if a claim is not this process's any more.
func (b *batch) stands(f fence) error {
	if err, known := b.fences[f]; known {
		return err
	}
	var token int64
	var holder string
	var err error
	if f.duty != "" {
		err = b.queryRow(`SELECT holder, token FROM duties WHERE name = $1`, []any{f.duty}, &holder, &token)
	} else {
		err = b.queryRow(`SELECT claimed_by, token FROM outbox WHERE id = $1`, []any{f.task}, &holder, &token)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && (holder != b.w.self.ID || token != f.token):
		err = ErrTakenOver
	case err != nil:
		return err
	}
	if b.fences == nil {
		b.fences = map[fence]error{}
	}
	b.fences[f] = err
	return err
}

// Duty is work of which one replica does all, as long as it renews its claim.
type Duty struct {
	Name  string
	token int64
}

// Fenced gives a context with which only the holder of a duty writes: what another
// replica has taken over since fails with ErrTakenOver.
func (d Duty) Fenced(ctx context.Context) context.Context {
	return within(ctx, fence{duty: d.Name, token: d.token})
}

// Duties are the claims of replicas to work.
type Duties struct{ ledger *Ledger }

// Duties are the claims of replicas to work.
func (l *Ledger) Duties() Duties { return Duties{l} }

// Take claims a duty for a Lease, or renews a claim. It says whether the duty is this
// process's. A claim that is renewed in time is the same Duty.
func (d Duties) Take(ctx context.Context, name string) (held Duty, ok bool, err error) {
	type answer struct {
		Duty
		ok bool
	}
	got, err := do(ctx, d.ledger.writer, func(b *batch) (answer, error) {
		duty, ok, err := b.take(name)
		return answer{duty, ok}, err
	})
	if err != nil {
		return Duty{}, false, fmt.Errorf("claim the duty %s: %w", name, err)
	}
	return got.Duty, got.ok, nil
}

func (b *batch) take(name string) (Duty, bool, error) {
	held := Duty{Name: name, token: 1}
	until := micros(b.now.Add(Lease))
	var holder string
	var ends int64
	err := b.queryRow(`SELECT holder, until_us, token FROM duties WHERE name = $1`, []any{name}, &holder, &ends, &held.token)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = b.exec(`INSERT INTO duties (name, holder, until_us, token) VALUES ($1, $2, $3, 1)`, name, b.w.self.ID, until)
		return held, err == nil, err
	}
	if err != nil {
		return held, false, err
	}
	over := ends <= micros(b.now)
	switch {
	case holder != b.w.self.ID && !over:
		return held, false, nil
	case holder != b.w.self.ID || over: // a claim that lapsed is a new one, also for who had it
		held.token++
	}
	_, err = b.exec(`UPDATE duties SET holder = $1, until_us = $2, token = $3 WHERE name = $4`, b.w.self.ID, until, held.token, name)
	return held, err == nil, err
}

// Leave lets others have a duty at once.
func (d Duties) Leave(ctx context.Context, held Duty) error {
	return d.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE duties SET until_us = 0 WHERE name = $1 AND holder = $2 AND token = $3`, held.Name, b.w.self.ID, held.token)
		return err
	})
}
