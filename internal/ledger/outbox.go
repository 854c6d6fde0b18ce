package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Task is an effect that waits to be carried out. Tasks are carried out at
// least once: Tries and Started tell whether somebody began before.
type Task struct {
	ID      int64
	Site    string
	Effect  release.Effect
	Created time.Time
	Started time.Time
	Tries   int
	// Unreadable is why Effect is nil: another version of the program wrote the task. It
	// must not keep other tasks from being carried out.
	Unreadable error
	// token is the token of the claim under which it is carried out.
	token int64
}

type outboxRow struct {
	site   string
	effect release.Effect
}

// The kinds of tasks as they are stored.
const (
	taskDispatch = "send_dispatch"
	taskRead     = "read_fingerprint"
	taskLookUp   = "look_up_run"
	taskCancel   = "cancel_run"
)

func writeOutbox(b *batch) error {
	if len(b.outbox) == 0 {
		return nil
	}
	if err := b.queryRow(`SELECT COALESCE(MAX(id), 0) FROM outbox`, nil, &b.lastOutbox); err != nil {
		return err
	}
	// An id is not given twice while a caller may still hold the old one,
	// though its row be deleted and the clock put back.
	b.lastOutbox = max(b.lastOutbox, b.w.lastTask, micros(b.now))
	for _, row := range b.outbox {
		kind, doc, err := encodeEffect(row.effect)
		if err != nil {
			return err
		}
		b.lastOutbox++
		if _, err := b.exec(`INSERT INTO outbox (id, site, kind, doc, created_us, due_us, started_us, tries)
			VALUES ($1, $2, $3, $4, $5, $6, 0, 0)`,
			b.lastOutbox, row.site, kind, doc, micros(b.now), micros(b.now)); err != nil {
			return err
		}
	}
	b.w.lastTask = b.lastOutbox
	return nil
}

func encodeEffect(effect release.Effect) (kind, doc string, err error) {
	switch effect.(type) {
	case release.SendDispatch:
		kind = taskDispatch
	case release.ReadFingerprint:
		kind = taskRead
	case release.LookUpRun:
		kind = taskLookUp
	case release.CancelRun:
		kind = taskCancel
	default:
		return "", "", fmt.Errorf("effect %T has no place in the outbox", effect)
	}
	text, err := json.Marshal(effect)
	if err != nil {
		return "", "", fmt.Errorf("write a %s: %w", kind, err)
	}
	return kind, string(text), nil
}

func decodeEffect(kind, doc string) (release.Effect, error) {
	switch kind {
	case taskDispatch:
		return decodeAs[release.SendDispatch](doc)
	case taskRead:
		return decodeAs[release.ReadFingerprint](doc)
	case taskLookUp:
		return decodeAs[release.LookUpRun](doc)
	case taskCancel:
		return decodeAs[release.CancelRun](doc)
	default:
		return nil, fmt.Errorf("the outbox holds a task of unknown kind %q", kind)
	}
}

func decodeAs[E release.Effect](doc string) (release.Effect, error) {
	var e E
	if err := json.Unmarshal([]byte(doc), &e); err != nil {
		return nil, fmt.Errorf("read a %T from the outbox: %w", e, err)
	}
	return e, nil
}

// Outbox holds the effects that the rules asked for, until they are carried out.
type Outbox struct{ ledger *Ledger }

// Outbox holds the effects that the rules asked for, until they are carried out.
func (l *Ledger) Outbox() Outbox { return Outbox{l} }

// maxTasks bounds how many tasks are given at a time.
const maxTasks = 1000

// Tasks are the tasks of the outbox that are due, at most 1000, oldest first,
// and when the next of the others falls due (zero when there are none).
func (o Outbox) Tasks(ctx context.Context) (due []Task, next time.Time, err error) {
	return o.TasksBut(ctx, func(int64) bool { return false })
}

// TasksBut is Tasks without those that are under way already, so that many long ones do
// not hide the tasks behind them.
func (o Outbox) TasksBut(ctx context.Context, underWay func(id int64) bool) (due []Task, next time.Time, err error) {
	// One query for both: the scheduler makes it at every change, and mostly there is no task.
	rows, err := o.ledger.q.QueryContext(ctx, `SELECT id, site, kind, doc, created_us, due_us, started_us, tries, claimed_by, claimed_us FROM outbox
		ORDER BY due_us, id`)
	if err != nil {
		return nil, next, fmt.Errorf("read the outbox: %w", o.ledger.engine.Explain(err))
	}
	defer rows.Close()
	at := micros(now())
	for rows.Next() {
		var t Task
		var kind, doc, claimedBy string
		var created, dueUS, started, claimed int64
		if err := rows.Scan(&t.ID, &t.Site, &kind, &doc, &created, &dueUS, &started, &t.Tries, &claimedBy, &claimed); err != nil {
			return nil, next, fmt.Errorf("read the outbox: %w", err)
		}
		if underWay(t.ID) {
			continue
		}
		if claimed > at && claimedBy != o.ledger.Self().ID { // another replica carries it out
			next = earlier(next, fromMicros(claimed))
			continue
		}
		if dueUS > at && !clockBack(created, dueUS, at) {
			next = earlier(next, fromMicros(dueUS))
			continue
		}
		if len(due) == maxTasks {
			next = fromMicros(at) // the rest, at once
			break
		}
		if t.Effect, t.Unreadable = decodeEffect(kind, doc); t.Unreadable != nil {
			t.Effect = nil
		}
		t.Created, t.Started = fromMicros(created), fromMicros(started)
		due = append(due, t)
	}
	if err := rows.Err(); err != nil {
		return nil, next, fmt.Errorf("read the outbox: %w", o.ledger.engine.Explain(err))
	}
	slices.SortFunc(due, func(a, b Task) int { return cmp.Compare(a.ID, b.ID) })
	return due, next, nil
}

// earlier is the earlier of two times; a is zero for none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// maxPutOff is longer than any task is postponed, and createdAhead more than a clock is
// corrected by in normal operation.
const (
	maxPutOff    = 2 * time.Hour
	createdAhead = 5 * time.Second
)

// clockBack says whether a task is not due only because the clock was put back since. It
// would wait until the old time comes again. All times are in microseconds since the
// epoch.
func clockBack(created, due, at int64) bool {
	return created > at+createdAhead.Microseconds() || due > at+maxPutOff.Microseconds()
}

// Start notes, before anything is sent, that a task is being carried out. After a crash,
// a task with Started set has an unknown outcome.
func (o Outbox) Start(ctx context.Context, task Task) error {
	return o.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE outbox SET started_us = $1, tries = tries + 1 WHERE id = $2`, micros(b.now), task.ID)
		return err
	})
}

// Postpone puts a task off to another time.
func (o Outbox) Postpone(ctx context.Context, task Task, until time.Time) error {
	return o.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`UPDATE outbox SET due_us = $1, claimed_us = 0 WHERE id = $2`, micros(until), task.ID)
		return err
	})
}

// Drop ends a task that has no answer for the rules.
func (o Outbox) Drop(ctx context.Context, task Task) error {
	return o.ledger.writer.act(ctx, func(b *batch) error {
		_, err := b.exec(`DELETE FROM outbox WHERE id = $1`, task.ID)
		return err
	})
}

// OutboxWaits counts the tasks that wait to be carried out, and says since when the
// oldest waits; zero for none.
func (r reader) OutboxWaits(ctx context.Context) (count int64, oldest time.Time, err error) {
	var us int64
	if err := r.q.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(created_us), 0) FROM outbox`).Scan(&count, &us); err != nil {
		return 0, time.Time{}, fmt.Errorf("read the outbox: %w", r.engine.Explain(err))
	}
	return count, fromMicros(us), nil
}
