package ledger

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/release"
)

// theTask is the only task that is due.
func theTask(t *testing.T, l *Ledger) Task {
	t.Helper()
	due, _, err := l.Outbox().Tasks(t.Context())
	if err != nil || len(due) != 1 {
		t.Fatalf("due: %+v (%v)", due, err)
	}
	return due[0]
}

func TestATaskIsKnownToHaveBeenStartedAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	ask(t, l, Request{})
	s, err := l.Tick(t.Context(), "www", "token")
	if err != nil {
		t.Fatal(err)
	}
	task := theTask(t, l)
	if want := (release.SendDispatch{Release: 1, Token: "token", Sent: 1}); !cmp.Equal(task.Effect, release.Effect(want)) || !task.Started.IsZero() {
		t.Fatalf("got %+v, want %+v, not started", task, want)
	}
	if err := l.Outbox().Start(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path)
	if again := theTask(t, l); again.ID != task.ID || again.Tries != 1 || again.Started.IsZero() {
		t.Fatalf("after the restart: %+v", again)
	}
	if _, err := l.Answer(t.Context(), task, release.DispatchConfirmed{Token: "token", Run: release.Run{ID: "r", Attempt: 1}}); err != nil {
		t.Fatal(err)
	}
	if due, _, err := l.Outbox().Tasks(t.Context()); err != nil || len(due) != 0 {
		t.Errorf("an answered task is still due: %+v (%v)", due, err)
	}
	if s, err = l.Site(t.Context(), "www"); err != nil || s.State != release.Dispatched {
		t.Errorf("%s (%v)", s.State, err)
	}
}

func TestAnAnswerThatTheRulesRefuseEndsItsTaskAllTheSame(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{})
	if _, err := l.Tick(t.Context(), "www", "token"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Answer(t.Context(), theTask(t, l), release.DispatchUnknown{Token: "another", Why: "time-out"}); err == nil {
		t.Error("the rules took an answer to another dispatch")
	}
	if due, _, err := l.Outbox().Tasks(t.Context()); err != nil || len(due) != 0 {
		t.Errorf("due: %+v (%v)", due, err)
	}
}

func TestPostponedTasksDoNotHideOnesThatAreDue(t *testing.T) {
	l := fresh(t)
	later := time.Now().Add(time.Hour).Truncate(time.Microsecond).UTC()
	if err := l.writer.act(t.Context(), func(b *batch) error {
		for range 1200 {
			b.outbox = append(b.outbox, outboxRow{site: "www", effect: release.LookUpRun{Release: 1}})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	due, _, err := l.Outbox().Tasks(t.Context())
	if err != nil || len(due) != 1000 {
		t.Fatalf("%d due (%v)", len(due), err)
	}
	if err := l.writer.act(t.Context(), func(b *batch) error {
		_, err := b.exec(`UPDATE outbox SET due_us = $1`, micros(later))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ask(t, l, Request{})
	if _, err := l.Tick(t.Context(), "www", "token"); err != nil {
		t.Fatal(err)
	}
	task := theTask(t, l)
	if _, ok := task.Effect.(release.SendDispatch); !ok {
		t.Errorf("got %+v, want the dispatch", task)
	}
	if err := l.Outbox().Postpone(t.Context(), task, later.Add(-time.Minute)); err != nil {
		t.Fatal(err)
	}
	due, next, err := l.Outbox().Tasks(t.Context())
	if err != nil || len(due) != 0 || !next.Equal(later.Add(-time.Minute)) {
		t.Errorf("%d due, next %v, want none before %v (%v)", len(due), next, later.Add(-time.Minute), err)
	}
}

func TestTasksUnderWayDoNotHideOnesThatAreDue(t *testing.T) {
	l := fresh(t)
	if err := l.writer.act(t.Context(), func(b *batch) error {
		for range maxTasks + 1 {
			b.outbox = append(b.outbox, outboxRow{site: "www", effect: release.LookUpRun{Release: 1}})
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	due, next, err := l.Outbox().Tasks(t.Context())
	if err != nil || len(due) != maxTasks || next.IsZero() || next.After(time.Now()) {
		t.Fatalf("%d due, the next at %v (%v)", len(due), next, err)
	}
	busy := map[int64]bool{}
	for _, task := range due {
		busy[task.ID] = true
	}
	due, next, err = l.Outbox().TasksBut(t.Context(), func(id int64) bool { return busy[id] })
	if err != nil || len(due) != 1 || busy[due[0].ID] || !next.IsZero() {
		t.Errorf("beside those under way: %d due, the next at %v (%v)", len(due), next, err)
	}
}

func TestTheIDOfATaskIsNotGivenTwice(t *testing.T) {
	l := fresh(t)
	l.writer.lastTask = micros(time.Now().Add(time.Hour)) // as after the clock was put back
	seen := map[int64]bool{}
	for range 3 {
		ask(t, l, Request{Site: "docs"})
		if _, err := l.Tick(t.Context(), "docs", "token"); err != nil {
			t.Fatal(err)
		}
		task := theTask(t, l)
		if seen[task.ID] {
			t.Fatalf("task %d was given twice", task.ID)
		}
		seen[task.ID] = true
		if err := l.Outbox().Drop(t.Context(), task); err != nil {
			t.Fatal(err)
		}
		decide(t, l, "docs", release.ResetSite{})
	}
}

// The clock was a day ahead when the task was made, and is right now.
func TestATaskDoesNotWaitForAClockThatWasPutBack(t *testing.T) {
	for name, change := range map[string]string{
		"made":            `UPDATE outbox SET created_us = $1, due_us = $1`,
		"put off":         `UPDATE outbox SET due_us = $1`,
		"made, long past": `UPDATE outbox SET created_us = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			l := fresh(t)
			ask(t, l, Request{})
			if _, err := l.Tick(t.Context(), "www", "token"); err != nil {
				t.Fatal(err)
			}
			if err := l.writer.act(t.Context(), func(b *batch) error {
				_, err := b.exec(change, micros(time.Now().Add(24*time.Hour)))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			theTask(t, l)
		})
	}
}
