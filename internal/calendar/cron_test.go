package calendar

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func mustCron(t testing.TB, text string) Cron {
	t.Helper()
	c, err := ParseCron(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// slots lists the first n slots after an instant, as the zone's clock shows them.
func slots(t testing.TB, next func(time.Time) (time.Time, bool), after string, z *time.Location, n int) []string {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", after, z)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for range n {
		var ok bool
		if at, ok = next(at); !ok {
			break
		}
		out = append(out, at.In(z).Format("2006-01-02 15:04 MST"))
	}
	return out
}

func TestCronFiresWhenItSays(t *testing.T) {
	for _, c := range []struct {
		name, cron, zone, after, want string
	}{
		{"every day at a time", "30 15 * * *", "America/New_York", "2026-11-27 15:30", "2026-11-28 15:30 EST, 2026-11-29 15:30 EST"},
		{"lists, ranges and steps", "5,50-59/5 8-9 * * *", "UTC", "2026-01-01 08:50", "2026-01-01 08:55 UTC, 2026-01-01 09:05 UTC, 2026-01-01 09:50 UTC"},
		{"weekdays by name", "0 9 * * mon-fri", "UTC", "2026-11-27 09:00", "2026-11-30 09:00 UTC"},
		{"7 is Sunday", "0 0 * * 7", "UTC", "2026-11-28 00:00", "2026-11-29 00:00 UTC"},
		{"either of two days", "0 0 13 * fri", "UTC", "2026-11-01 00:00", "2026-11-06 00:00 UTC, 2026-11-13 00:00 UTC, 2026-11-20 00:00 UTC"},
		{"a step of days limits weekdays", "0 0 */2 * mon", "UTC", "2026-11-01 00:00", "2026-11-09 00:00 UTC, 2026-11-23 00:00 UTC"},
		{"29 February over a year without", "0 12 29 2 *", "UTC", "2096-03-01 00:00", "2104-02-29 12:00 UTC"},
		{"spring forward: a skipped time is made up for at once", "30 2 * * *", "America/New_York", "2026-03-07 02:30", "2026-03-08 03:00 EDT, 2026-03-09 02:30 EDT"},
		{"spring forward: every hour skips the hour that is not", "0 * * * *", "America/New_York", "2026-03-08 00:00", "2026-03-08 01:00 EST, 2026-03-08 03:00 EDT"},
		{"fall back: a time that comes twice fires once", "30 1 * * *", "America/New_York", "2026-10-31 12:00", "2026-11-01 01:30 EDT, 2026-11-02 01:30 EST"},
		{"fall back: every hour fires in both", "30 * * * *", "America/New_York", "2026-11-01 00:30", "2026-11-01 01:30 EDT, 2026-11-01 01:30 EST, 2026-11-01 02:30 EST"},
		{"a zone of half an hour", "0 9 * * *", "Asia/Kolkata", "2026-11-28 00:00", "2026-11-28 09:00 IST"},
		{"daylight saving of half an hour", "15 2 * * *", "Australia/Lord_Howe", "2026-10-03 03:00", "2026-10-04 02:30 +11, 2026-10-05 02:15 +11"},
		{"midnight that is skipped", "0 0 * * *", "America/Santiago", "2026-09-05 12:00", "2026-09-06 01:00 -03, 2026-09-07 00:00 -03"},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, cron := zone(t, c.zone), mustCron(t, c.cron)
			n := strings.Count(c.want, ",") + 1
			next := func(at time.Time) (time.Time, bool) { return cron.Next(at, z) }
			if got := strings.Join(slots(t, next, c.after, z, n), ", "); got != c.want {
				t.Errorf("%s in %s after %s:\n got %s\nwant %s", c.cron, c.zone, c.after, got, c.want)
			}
		})
	}
}

func TestHourlySlotsOfTheDaysThatAreShortAndLong(t *testing.T) {
	z, cron := zone(t, "America/New_York"), mustCron(t, "@hourly")
	for day, want := range map[string]int{"2026-03-08": 23, "2026-11-01": 25, "2026-11-02": 24} {
		from, err := time.ParseInLocation(time.DateOnly, day, z)
		if err != nil {
			t.Fatal(err)
		}
		n, to := 0, from.AddDate(0, 0, 1)
		for at := from.Add(-time.Second); ; n++ {
			at, _ = cron.Next(at, z)
			if !at.Before(to) {
				break
			}
		}
		if n != want {
			t.Errorf("%s has %d hourly slots, want %d", day, n, want)
		}
	}
}

func TestACronThatCannotBeMeantIsRefusedWithItsPlace(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "0 fields, not 5",
		"* * * *":                            "4 fields, not 5",
		"60 * * * *":                         `field 1 (minute): "60" is not a minute from 0 to 59`,
		"* 24 * * *":                         "field 2 (hour)",
		"* * 0 * *":                          "field 3 (day of the month)",
		"* * * foo *":                        `field 4 (month): "foo"`,
		"* * * * 8":                          "field 5 (day of the week)",
		"5-1 * * * *":                        "ends before it begins",
		"*/0 * * * *":                        "a step is a whole number from 1",
		"*/+5 * * * *":                       "a step is a whole number from 1",
		"1,,2 * * * *":                       "field 1",
		"0 0 31 2 *":                         "it never fires",
		"0 0 31 4,6,9,11 *":                  "it never fires",
		"@reboot":                            "@reboot is not known",
		strings.Repeat("1,", 300) + " * * *": "longer than 500",
	} {
		if _, err := ParseCron(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want an error with %q", text, err, want)
		}
	}
}

// drawCron makes expressions that fire often enough to be searched by minutes.
func drawCron(t *rapid.T) string {
	minute := rapid.SampledFrom([]string{"*", "*/7", "0", "30", "15,45", "5-10"}).Draw(t, "minute")
	hour := rapid.SampledFrom([]string{"*", "*/3", "0", "1,2,3", "8-20"}).Draw(t, "hour")
	day := rapid.SampledFrom([]string{"*", "*", "1-20", "*/2"}).Draw(t, "day")
	weekday := rapid.SampledFrom([]string{"*", "*", "mon-fri", "0,3"}).Draw(t, "weekday")
	return strings.Join([]string{minute, hour, day, "*", weekday}, " ")
}

// TestEachSlotIsAMinuteThatTheExpressionNames holds Next against a search through
// all minutes, in zones where the clock is not set.
func TestEachSlotIsAMinuteThatTheExpressionNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := ParseCron(drawCron(t))
		if err != nil {
			t.Fatal(err)
		}
		z := time.FixedZone("fixed", rapid.SampledFrom([]int{0, 5*3600 + 1800, -3 * 3600, 14 * 3600}).Draw(t, "offset"))
		after := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "after"), 0).In(z)
		got, ok := c.Next(after, z)
		if !ok || got.Sub(after) > 40*24*time.Hour {
			t.Fatalf("%s after %s: %s, %v", c, after, got, ok)
		}
		at := after.Truncate(time.Minute)
		for {
			at = at.Add(time.Minute)
			if at.After(after) && c.minutes&(1<<at.Minute()) != 0 && c.hours&(1<<at.Hour()) != 0 && c.matches(DateOf(at, z)) {
				break
			}
		}
		if !at.Equal(got) {
			t.Fatalf("%s after %s: got %s, the search found %s", c, after, got.In(z), at)
		}
	})
}

// TestSlotsOnlyEverRise draws zones with daylight saving: a slot lies after the
// instant asked about, and asking from just before it finds it again.
func TestSlotsOnlyEverRise(t *testing.T) {
	zones := []*time.Location{zone(t, "America/New_York"), zone(t, "Australia/Lord_Howe"), zone(t, "America/Santiago"), zone(t, "Africa/Casablanca")}
	rapid.Check(t, func(t *rapid.T) {
		c, err := ParseCron(drawCron(t))
		if err != nil {
			t.Fatal(err)
		}
		z := rapid.SampledFrom(zones).Draw(t, "zone")
		after := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "after"), 0)
		for range 50 {
			slot, ok := c.Next(after, z)
			if !ok || !slot.After(after) {
				t.Fatalf("%s after %s: %s, %v", c, after.In(z), slot.In(z), ok)
			}
			again, _ := c.Next(slot.Add(-time.Second), z)
			if !again.Equal(slot) {
				t.Fatalf("%s: %s is a slot, but just before it the next is %s", c, slot.In(z), again.In(z))
			}
			after = slot
		}
	})
}

func FuzzParseCron(f *testing.F) {
	for _, text := range []string{"*/5 8-20 * * mon-fri", "@daily", "0 0 29 2 *", "1,2-3/4 * 31 2 7", "\x00 * * * *"} {
		f.Add(text)
	}
	at := time.Date(2026, 3, 8, 6, 59, 0, 0, time.UTC)
	z := zone(f, "America/New_York")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCron(text)
		if err != nil {
			return
		}
		slot, ok := c.Next(at, z)
		if !ok || !slot.After(at) {
			t.Errorf("%q was accepted, but after %s it has %s, %v", text, at, slot, ok)
		}
		again, err := ParseCron(c.String())
		if err != nil || again != c {
			t.Errorf("%q does not read as itself: %v", c.String(), err)
		}
	})
}
