package ledger

import (
	"errors"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

func TestAScheduledRequestIsMovedAndWithdrawnUntilItsTimeHasCome(t *testing.T) {
	l, ctx := fresh(t), t.Context()
	later := time.Now().Add(2 * time.Hour)
	first := ask(t, l, Request{NotBefore: later})
	second := ask(t, l, Request{NotBefore: later.Add(time.Hour)})
	scheduled := func(want time.Time) {
		t.Helper()
		site, err := l.Site(ctx, "www")
		if err != nil || !site.Scheduled.Equal(want) {
			t.Errorf("the next is scheduled for %s, want %s (%v)", site.Scheduled, want, err)
		}
	}
	moved, err := l.Move(ctx, first.ID, "ada", second.NotBefore.Add(time.Hour))
	if err != nil || !moved.Request.NotBefore.Equal(second.NotBefore.Add(time.Hour)) {
		t.Fatalf("moved to %s (%v)", moved.Request.NotBefore, err)
	}
	scheduled(second.NotBefore)
	if _, err := l.Withdraw(ctx, second.ID, "ada", ""); err != nil {
		t.Fatal(err)
	}
	scheduled(moved.Request.NotBefore)
	mustBe(t, l, second.ID, Resolution{Status: release.Withdrawn})
	if again, err := l.Withdraw(ctx, second.ID, "ada", ""); err != nil || !again.Again {
		t.Errorf("withdrawn twice: %+v (%v)", again, err)
	}
	if _, err := l.Move(ctx, first.ID, "ada", time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	site, err := l.Tick(ctx, "www", "token")
	if err != nil || site.Accepted != 1 {
		t.Fatalf("one whose time was moved to the past has no place: %d (%v)", site.Accepted, err)
	}
	for name, err := range map[string]error{
		"in line, moved":     moveError(l.Move(ctx, first.ID, "ada", later)),
		"in line, withdrawn": moveError(l.Withdraw(ctx, first.ID, "ada", "")),
		"withdrawn, moved":   moveError(l.Move(ctx, second.ID, "ada", later)),
	} {
		if c, ok := errors.AsType[*release.Conflict](err); !ok || c.Code != release.CodeNotScheduled {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := l.Move(ctx, "none", "ada", later); !errors.Is(err, ErrNotFound) {
		t.Errorf("one that is not there: %v", err)
	}
	mustBeSound(t, l, "www")
}

func moveError(_ Accepted, err error) error { return err }

func TestAHooksLaterEventMovesWhatItScheduledAndOneMayWithdrawIt(t *testing.T) {
	l, ctx := fresh(t), t.Context()
	at := time.Now().Add(2 * time.Hour).UTC().Truncate(time.Microsecond)
	deliver := func(key, event string, when time.Time) Arrived {
		t.Helper()
		a := Arrival{Delivery: HookDelivery{Hook: "cms", Key: key, Event: event, Entity: "post/1", Decision: "release"}}
		if when.IsZero() {
			a.Withdraw = true
		} else {
			a.Request = &Request{Site: "www", Key: key, Source: release.FromContent, Entity: "post/1", Reason: event, NotBefore: when}
		}
		done, err := l.Hooks().Deliver(ctx, "www", []Arrival{a})
		if err != nil {
			t.Fatal(err)
		}
		return done[0]
	}
	first := deliver("a", "scheduled", at).Accepted.Request
	expiry := deliver("b", "expires", at.Add(time.Hour)).Accepted.Request
	moved := deliver("c", "scheduled", at.Add(30*time.Minute)).Accepted.Request
	if first.ID == expiry.ID || moved.ID != first.ID || !moved.NotBefore.Equal(at.Add(30*time.Minute)) {
		t.Errorf("first %s, expiry %s, moved %s to %s", first.ID, expiry.ID, moved.ID, moved.NotBefore)
	}
	deliver("d", "scheduled", at.Add(40*time.Minute))
	if again := deliver("c", "scheduled", at.Add(30*time.Minute)); !again.Again || !again.Accepted.Request.NotBefore.Equal(at.Add(40*time.Minute)) {
		t.Errorf("a delivery that came before moved it back: %+v", again.Accepted.Request)
	}
	deliver("e", "unscheduled", time.Time{})
	open, err := l.ScheduledRequests(ctx, "www", 10)
	if err != nil || len(open) != 0 {
		t.Errorf("%d are left (%v)", len(open), err)
	}
	mustBe(t, l, first.ID, Resolution{Status: release.Withdrawn})
	if fresh := deliver("f", "scheduled", at).Accepted.Request; fresh.ID == first.ID {
		t.Error("what was withdrawn came back")
	}
	mustBeSound(t, l, "www")
}
