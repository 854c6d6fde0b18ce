package calendar

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAShiftedScheduleHasTheSameSlotsLater(t *testing.T) {
	ny := zone(t, "America/New_York")
	office := mustWindow(t, "Mon-Fri 08:00-20:00")
	hourly, nightly := mustCron(t, "@hourly"), mustCron(t, "30 2 * * *") // a time that a change of the clock leaves out
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SampledFrom([]Schedule{
			{Cron: &hourly}, {Cron: &nightly}, {Every: 90 * time.Minute}, {Every: 5 * time.Hour, Windows: []Window{office}},
		}).Draw(t, "schedule")
		plain.Zone = ny
		shifted := plain
		shifted.Shift = time.Duration(rapid.IntRange(0, 3599).Draw(t, "shift")) * time.Second
		after := time.Date(2026, time.October, 25, 0, 0, rapid.IntRange(0, 30*86400).Draw(t, "after"), 0, time.UTC)
		for range 5 {
			want, ok := plain.Next(after.Add(-shifted.Shift))
			got, found := shifted.Next(after)
			if !ok || !found || !got.Equal(want.Add(shifted.Shift)) || !got.After(after) {
				t.Fatalf("after %s: %s, want %s and %s more", after, got, want, shifted.Shift)
			}
			after = got
		}
	})
}

func TestSlotsOfManySitesAreSpread(t *testing.T) {
	const sites, spread = 1000, 10 * time.Minute
	minutes := map[int]int{}
	for i := range sites {
		shift := ShiftOf(fmt.Sprintf("site-%03d", i), "hourly", spread)
		if shift < 0 || shift >= spread || shift%time.Second != 0 || shift != ShiftOf(fmt.Sprintf("site-%03d", i), "hourly", spread) {
			t.Fatalf("site %d is shifted by %s", i, shift)
		}
		minutes[int(shift/time.Minute)]++
	}
	for minute := range int(spread / time.Minute) {
		if n := minutes[minute]; n < 60 || n > 140 {
			t.Errorf("%d of %d sites have their slot in minute %d, of 10", n, sites, minute)
		}
	}
	if ShiftOf("www", "hourly", 0) != 0 || ShiftOf("www", "hourly", time.Millisecond) != 0 {
		t.Error("without a spread there is a shift")
	}
}

func TestWhatHasNoSlotsOrOneInstantIsNotShifted(t *testing.T) {
	at := time.Date(2026, time.December, 24, 14, 0, 0, 0, time.UTC)
	once := Schedule{Once: at, Zone: time.UTC, Shift: time.Minute}
	if got, _ := once.Next(at.Add(-time.Hour)); !got.Equal(at) {
		t.Errorf("a date comes at %s", got)
	}
	always := Schedule{Continuous: true, Zone: time.UTC, Shift: time.Minute}
	if got, _ := always.Next(at); !got.Equal(at.Truncate(24 * time.Hour).Add(24 * time.Hour)) {
		t.Errorf("a window begins at %s", got)
	}
	if err := (Schedule{Every: time.Hour, Zone: time.UTC, Shift: 2 * time.Hour}).Check(); err == nil {
		t.Error("a shift of two hours is taken")
	}
}
