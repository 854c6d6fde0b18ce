package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/release"
)

// tourOfSchedules begins, looks at and removes schedules, and gives what the ledger
// holds afterwards.
func tourOfSchedules(t *testing.T, l *Ledger) map[string]time.Time {
	t.Helper()
	ctx, begun := t.Context(), time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	slot := begun.Add(time.Hour)
	ask := Request{Site: "www", Key: "schedule:hourly:1", Source: release.FromSchedule, Actor: "schedule hourly"}
	look := ScheduleLook{Site: "www", Schedule: "hourly", At: slot}
	if _, err := l.Schedules().Begin(ctx, "www", []string{"hourly", "daily"}, begun); err != nil {
		t.Fatal(err)
	}
	before, err := l.Site(ctx, "www")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time its key is known
		site, err := l.Schedules().LookedAt(ctx, look, &ask)
		if err != nil || site.Accepted != before.Accepted+1 {
			t.Fatalf("the site has accepted %d requests, want %d (%v)", site.Accepted, before.Accepted+1, err)
		}
	}
	if _, err := l.Schedules().Begin(ctx, "www", []string{"hourly", "weekly"}, slot.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	looks, err := l.ScheduleLooks(ctx, "www")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]time.Time{"hourly": slot, "weekly": slot.Add(time.Hour)}, looks); diff != "" {
		t.Errorf("the looks (-want +got):\n%s", diff)
	}
	return looks
}

func TestALookIsKeptWithItsRequest(t *testing.T) { tourOfSchedules(t, fresh(t)) }

// A request that is refused leaves the look as it was: the slot is due still.
func TestARefusedRequestLeavesTheLookAsItWas(t *testing.T) {
	l, begun := fresh(t), time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)
	if _, err := l.Schedules().Begin(t.Context(), "www", []string{"hourly"}, begun); err != nil {
		t.Fatal(err)
	}
	ask := Request{Site: "www", Key: "schedule:hourly:1", NotBefore: time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := l.Schedules().LookedAt(t.Context(), ScheduleLook{Site: "www", Schedule: "hourly", At: begun.Add(time.Hour)}, &ask); err == nil {
		t.Fatal("a date that can't be written down was accepted")
	}
	looks, err := l.ScheduleLooks(t.Context(), "www")
	if err != nil || !looks["hourly"].Equal(begun) {
		t.Errorf("the look is of %s, want %s (%v)", looks["hourly"], begun, err)
	}
}
