package ledger

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

func TestAWebhookIsKeptOnceAndProcessedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	open := func() *Ledger {
		l, err := Open(t.Context(), sqlite.At(path), Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	l := open()
	d := Delivery{ID: "guid-1", Event: "workflow_run", Doc: `{"a":1}`, Run: "7", Attempt: 1, Stage: 3}
	for i, want := range []bool{true, false} {
		if fresh, err := l.Deliveries().Put(t.Context(), d); err != nil || fresh != want {
			t.Errorf("time %d: fresh is %v, %v, want %v", i+1, fresh, err, want)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open()
	defer l.Close()
	waiting, err := l.Deliveries().Waiting(t.Context(), 10)
	if err != nil || len(waiting) != 1 || waiting[0].Doc != d.Doc || waiting[0].Stage != 3 || waiting[0].Received.IsZero() {
		t.Fatalf("after a restart there wait %+v, %v", waiting, err)
	}
	if stage, err := l.Deliveries().Stage(t.Context(), "7", 1); err != nil || stage != 0 {
		t.Errorf("before it was processed the stage is %d, %v", stage, err)
	}
	if err := l.Deliveries().Done(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	if stage, err := l.Deliveries().Stage(t.Context(), "7", 1); err != nil || stage != 3 {
		t.Errorf("after it was processed the stage is %d, %v", stage, err)
	}
	if done, err := l.Deliveries().Processed(t.Context(), d.ID); err != nil || !done {
		t.Errorf("processed is %v, %v", done, err)
	}
	if done, err := l.Deliveries().Processed(t.Context(), "guid-2"); err != nil || done {
		t.Errorf("of one that never came processed is %v, %v", done, err)
	}
	if fresh, err := l.Deliveries().Put(t.Context(), d); err != nil || fresh {
		t.Errorf("sent again after it was processed: fresh is %v, %v", fresh, err)
	}
	if err := l.Deliveries().Forget(t.Context(), Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if done, err := l.Deliveries().Processed(t.Context(), d.ID); err != nil || done {
		t.Errorf("after Forget processed is %v, %v", done, err)
	}
}

func TestWhatWasToldOfARunIsReadWithoutGoingThroughItsWebhooks(t *testing.T) {
	l := fresh(t)
	rows, err := l.readers.QueryContext(t.Context(), `EXPLAIN QUERY PLAN `+stageText, "7", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail + "\n"
	}
	if err := rows.Err(); err != nil || !strings.Contains(plan, "INDEX deliveries_stage (run=? AND attempt=?)") {
		t.Errorf("the plan is %q (%v)", plan, err)
	}
}

func TestANameIsGoodOnce(t *testing.T) {
	l, err := Open(t.Context(), sqlite.At(filepath.Join(t.TempDir(), "pressrun.db")), Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i, want := range []bool{true, false, false} {
		if first, err := l.Deliveries().UseOnce(t.Context(), "jti:1", Now().Add(time.Minute)); err != nil || first != want {
			t.Errorf("time %d: first is %v, %v", i+1, first, err)
		}
	}
	if err := l.Deliveries().Forget(t.Context(), Now()); err != nil {
		t.Fatal(err)
	}
	if first, err := l.Deliveries().UseOnce(t.Context(), "jti:1", Now()); err != nil || first {
		t.Errorf("before its time was over it was forgotten: first is %v, %v", first, err)
	}
	// Of a time that is over a name is forgotten, and no webhook with it.
	d := Delivery{ID: "guid-1", Event: "workflow_run", Doc: `{}`}
	if _, err := l.Deliveries().Put(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := l.Deliveries().Done(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Deliveries().UseOnce(t.Context(), "over", Now().Add(-keepNames-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Deliveries().UseOnce(t.Context(), "just over", Now().Add(-keepNames+time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := l.Deliveries().Forget(t.Context(), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if first, err := l.Deliveries().UseOnce(t.Context(), "over", Now()); err != nil || !first {
		t.Errorf("a name of the past is remembered: %v, %v", first, err)
	}
	if first, err := l.Deliveries().UseOnce(t.Context(), "just over", Now()); err != nil || first {
		t.Errorf("a clock that is put back makes a used name good again: %v, %v", first, err)
	}
	if done, err := l.Deliveries().Processed(t.Context(), d.ID); err != nil || !done {
		t.Errorf("a webhook was forgotten with it: %v, %v", done, err)
	}
}
