package calendar

import (
	"testing"
	"time"
)

// No release may be told of the wrong day, also where the clock skips midnight.
func TestADayBeginsWithItsFirstInstant(t *testing.T) {
	for _, c := range []struct {
		zone  string
		day   Date
		begin string
	}{
		{"UTC", Date{2026, 11, 30}, "2026-11-30T00:00:00Z"},
		{"Europe/Berlin", Date{2026, 3, 29}, "2026-03-29T00:00:00+01:00"},
		{"America/Santiago", Date{2026, 9, 6}, "2026-09-06T01:00:00-03:00"},
		{"America/Havana", Date{2026, 3, 8}, "2026-03-08T01:00:00-04:00"},
		{"Atlantic/Azores", Date{2026, 3, 29}, "2026-03-29T01:00:00Z"},
		{"America/Havana", Date{2026, 11, 1}, "2026-11-01T00:00:00-04:00"}, // 00:30 comes twice
		{"Pacific/Apia", Date{2011, 12, 31}, "2011-12-31T00:00:00+14:00"},  // the day before was left out
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		begin := c.day.Begin(zone)
		if got := begin.In(zone).Format(time.RFC3339); got != c.begin {
			t.Errorf("%s begins in %s at %s, expected %s", c.day, c.zone, got, c.begin)
		}
		if on, before := DateOf(begin, zone), DateOf(begin.Add(-time.Nanosecond), zone); on != c.day || !before.Before(c.day) {
			t.Errorf("%s begins in %s at an instant of %s, after one of %s", c.day, c.zone, on, before)
		}
	}
}
