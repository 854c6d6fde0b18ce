package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Lease is how long a claim holds without being renewed, by the database's clock.
const Lease = 12 * time.Second

// ErrTakenOver: another replica has taken over the claim under which the call would have
// written. Nothing was written.
var ErrTakenOver = errors.New("another replica has taken this over")

// fence is a claim that a write depends on: the write fails once another replica has the
// claim, even if this process has not noticed yet.
type fence struct {
	duty  string // or
	task  int64
	token int64
}

type fenced struct{}

// withFence makes all writes with a context depend on a claim.
func withFence(ctx context.Context, f fence) context.Context {
	return context.WithValue(ctx, fenced{}, f)
}

func fenceOf(ctx context.Context) (fence, bool) {
	f, ok := ctx.Value(fenced{}).(fence)
	return f, ok
}

// checkFence fails with ErrTakenOver if this process no longer holds a claim.
func (b *batch) checkFence(f fence) error {
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

// Duty is work that one replica does for all, as long as it renews its claim.
type Duty struct {
	Name  string
	token int64
}

// Fenced gives a context under which the ledger writes only as long as the duty is held:
// once another replica has taken it over, calls fail with ErrTakenOver.
func (d Duty) Fenced(ctx context.Context) context.Context {
	return withFence(ctx, fence{duty: d.Name, token: d.token})
}

// Duties are the claims of replicas to work.
type Duties struct{ ledger *Ledger }

// Duties are the claims of replicas to work.
func (l *Ledger) Duties() Duties { return Duties{l} }

// Take claims a duty for a Lease, or renews the claim. ok is false while another replica
// has it. A claim that is renewed in time keeps its token.
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
	case holder != b.w.self.ID || over: // a claim that lapsed gets a new token, even for its last holder
		held.token++
	}
	_, err = b.exec(`UPDATE duties SET holder = $1, until_us = $2, token = $3 WHERE name = $4`, b.w.self.ID, until, held.token, name)
	return held, err == nil, err
}

// Leave gives a duty up, so that another replica can take it at once.
func (d Duties) Leave(ctx context.Context, held Duty) error {
	return d.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE duties SET until_us = 0 WHERE name = $1 AND holder = $2 AND token = $3`, held.Name, b.w.self.ID, held.token)
		return err
	})
}
