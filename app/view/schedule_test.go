package view

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
)

// The days around Thanksgiving 2026 by VA.gov's schedule, with a freeze on the day
// after it.
func TestAScheduleTellsItsNextTimesHolidaysAndFreezes(t *testing.T) {
	c := config.Config{Sites: map[string]config.Site{"www": {TimeZone: "America/New_York", Schedules: []config.Schedule{
		{Name: "working-hours", Continuous: true, Windows: []string{"Mon-Fri 08:00-20:00"}, Holidays: []string{config.FederalHolidays}},
		{Name: "daily", Cron: "30 15 * * *"},
	}}}}
	all, err := c.Schedules("www")
	if err != nil {
		t.Fatal(err)
	}
	site := Site{Site: release.NewSite("www", release.DefaultPolicy()), Instant: Instant{Now: time.Date(2026, 11, 25, 20, 0, 0, 0, time.UTC)}}
	site.Freezes = []release.Window{{From: time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), Why: "moving house"}}
	got := scheduleOf(site, all, 4).Wire()
	var slots []string
	for _, s := range got.Slots {
		line := s.Local + " " + s.Schedule
		if s.Until != nil {
			line += " until " + s.Until.UTC().Format("15:04")
		}
		if s.Frozen != nil {
			line += ", " + s.Frozen.Why
		}
		slots = append(slots, line)
	}
	want := []string{
		"Wed 25 Nov 2026, 15:30 EST daily",
		"Thu 26 Nov 2026, 15:30 EST daily",
		"Fri 27 Nov 2026, 08:00 EST working-hours until 01:00",
		"Fri 27 Nov 2026, 15:30 EST daily, moving house",
	}
	if diff := cmp.Diff(want, slots); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if h := got.Holidays[0]; h.Date != "2026-11-26" || h.Name != "Thanksgiving Day" || len(h.Schedules) != 1 {
		t.Errorf("the first holiday is %+v", h)
	}
	if until := got.Rules[0].OpenUntil; until == nil || !until.Equal(time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)) {
		t.Errorf("the window is open until %v", until)
	}
}
