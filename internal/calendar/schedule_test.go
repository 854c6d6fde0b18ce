package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func mustWindow(t testing.TB, text string) Window {
	t.Helper()
	w, err := ParseWindow(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestScheduleSlots(t *testing.T) {
	ny := zone(t, "America/New_York")
	office := []Window{mustWindow(t, "Mon-Fri 08:00-20:00")}
	hourly, daily := mustCron(t, "@hourly"), mustCron(t, "30 15 * * *")
	for _, c := range []struct {
		name     string
		schedule Schedule
		after    string
		want     string
	}{
		{"an interval counts from the window's start", Schedule{Every: 5 * time.Hour, Windows: office}, "2026-11-27 07:59", "2026-11-27 08:00 EST, 2026-11-27 13:00 EST, 2026-11-27 18:00 EST, 2026-11-30 08:00 EST"},
		{"the window's end is outside", Schedule{Every: 4 * time.Hour, Windows: office}, "2026-11-27 13:00", "2026-11-27 16:00 EST, 2026-11-30 08:00 EST"},
		{"an interval counts real time through the clock's change", Schedule{Every: 90 * time.Minute, Windows: []Window{mustWindow(t, "00:00-06:00")}}, "2026-11-01 00:00", "2026-11-01 01:30 EDT, 2026-11-01 02:00 EST, 2026-11-01 03:30 EST, 2026-11-01 05:00 EST, 2026-11-02 00:00 EST"},
		{"a window over midnight belongs to the day it begins on", Schedule{Every: 3 * time.Hour, Windows: []Window{mustWindow(t, "Fri 22:00-06:00")}}, "2026-11-27 23:00", "2026-11-28 01:00 EST, 2026-11-28 04:00 EST, 2026-12-04 22:00 EST"},
		{"cron inside windows", Schedule{Cron: &hourly, Windows: []Window{mustWindow(t, "Mon-Fri 19:00-20:00")}}, "2026-11-27 12:00", "2026-11-27 19:00 EST, 2026-11-30 19:00 EST"},
		{"days of rest have no slots", Schedule{Cron: &daily, Rest: Days{Federal: true}}, "2026-11-25 15:30", "2026-11-27 15:30 EST"},
		{"two windows a day", Schedule{Every: 24 * time.Hour, Windows: []Window{mustWindow(t, "12:00-13:00"), mustWindow(t, "09:00-10:00")}}, "2026-11-27 00:00", "2026-11-27 09:00 EST, 2026-11-27 12:00 EST, 2026-11-28 09:00 EST"},
		{"continuous has the starts of its windows", Schedule{Continuous: true, Windows: office, Rest: Days{Federal: true}}, "2026-11-25 09:00", "2026-11-27 08:00 EST, 2026-11-30 08:00 EST"},
		{"once", Schedule{Once: time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC)}, "2026-11-27 00:00", "2026-12-24 09:00 EST"},
		{"once and never again", Schedule{Once: time.Date(2026, 12, 24, 14, 0, 0, 0, time.UTC)}, "2026-12-24 09:00", ""},
		{"a cron that never meets its windows", Schedule{Cron: &daily, Windows: []Window{mustWindow(t, "00:00-06:00")}}, "2026-11-27 00:00", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.schedule.Zone = ny
			if err := c.schedule.Check(); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(slots(t, c.schedule.Next, c.after, ny, strings.Count(c.want, ",")+1), ", ")
			if got != c.want {
				t.Errorf("after %s:\n got %s\nwant %s", c.after, got, c.want)
			}
		})
	}
}

func TestALookFindsWhatBecameDue(t *testing.T) {
	z := zone(t, "America/New_York")
	hourly := mustCron(t, "@hourly")
	at := func(text string) time.Time {
		tm, err := time.ParseInLocation("2006-01-02 15:04:05", "2026-11-27 "+text, z)
		if err != nil {
			t.Fatal(err)
		}
		return tm.UTC()
	}
	for _, c := range []struct {
		name      string
		skip      bool
		last, now string
		want      Due
	}{
		{"nothing", false, "10:00:00", "10:59:59", Due{Next: at("11:00:00")}},
		{"on the minute", false, "10:00:00", "11:00:00", Due{Slot: at("11:00:00"), Next: at("12:00:00")}},
		{"the last of three is made up for", false, "10:00:00", "13:20:00", Due{Slot: at("13:00:00"), Missed: 2, Next: at("14:00:00")}},
		{"or none of them", true, "10:00:00", "13:20:00", Due{Missed: 3, Next: at("14:00:00")}},
		{"but one that is hardly late", true, "10:00:00", "13:00:30", Due{Slot: at("13:00:00"), Missed: 2, Next: at("14:00:00")}},
		{"a clock set back finds nothing again", false, "13:00:00", "12:30:00", Due{Next: at("14:00:00")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := Schedule{Zone: z, Cron: &hourly, Skip: c.skip}
			if diff := cmp.Diff(c.want, s.Look(at(c.last), at(c.now), time.Minute)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALookAfterYearsEndsAndFindsTheNewestSlot(t *testing.T) {
	minutely := mustCron(t, "* * * * *")
	s := Schedule{Zone: time.UTC, Cron: &minutely}
	now := time.Date(2026, 11, 27, 12, 0, 30, 0, time.UTC)
	got := s.Look(now.AddDate(-3, 0, 0), now, time.Minute)
	if want := now.Truncate(time.Minute); !got.Slot.Equal(want) || !got.Next.Equal(want.Add(time.Minute)) {
		t.Errorf("got %+v", got)
	}
}

// TestNoSlotIsLostOrFoundTwice looks at random instants, as an app that is
// restarted does, and compares the slots found with those there were.
func TestNoSlotIsLostOrFoundTwice(t *testing.T) {
	z := zone(t, "Europe/Dublin")
	rapid.Check(t, func(t *rapid.T) {
		c, err := ParseCron(drawCron(t))
		if err != nil {
			t.Fatal(err)
		}
		s := Schedule{Zone: z, Cron: &c}
		if rapid.Bool().Draw(t, "windows") {
			w, err := ParseWindow(rapid.SampledFrom([]string{"Mon-Fri 08:00-20:00", "22:00-03:00", "01:00-24:00"}).Draw(t, "window"))
			if err != nil {
				t.Fatal(err)
			}
			s.Windows = []Window{w}
		}
		start := time.Unix(rapid.Int64Range(1_790_000_000, 1_800_000_000).Draw(t, "start"), 0)
		last, missed, fired := start, 0, 0
		for _, wait := range rapid.SliceOfN(rapid.IntRange(1, 100_000), 1, 10).Draw(t, "waits") {
			now := last.Add(time.Duration(wait) * time.Second)
			found := s.Look(last, now, time.Minute)
			missed += found.Missed
			if !found.Slot.IsZero() {
				fired++
			}
			last = now
		}
		all := 0
		for at, ok := s.Next(start); ok && !at.After(last); at, ok = s.Next(at) {
			all++
		}
		if fired+missed != all {
			t.Fatalf("%d fired, %d missed, but there were %d slots", fired, missed, all)
		}
	})
}

func TestContinuousAsksWhenSomethingChangedOrContentIsOld(t *testing.T) {
	z := zone(t, "America/New_York")
	s := Schedule{Zone: z, Continuous: true, MaxAge: 2 * time.Hour, Windows: []Window{mustWindow(t, "Mon-Fri 08:00-20:00")}, Rest: Days{Federal: true}}
	at := func(text string) time.Time {
		tm, err := time.ParseInLocation("2006-01-02 15:04", text, z)
		if err != nil {
			t.Fatal(err)
		}
		return tm
	}
	for _, c := range []struct {
		name    string
		content Content
		now     string
		ask     bool
		look    string
	}{
		{"changed, in the window", Content{Changed: true, AsOf: at("2026-11-27 09:00")}, "2026-11-27 09:10", true, ""},
		{"changed, but a release is under way", Content{Changed: true, Busy: true}, "2026-11-27 09:10", false, ""},
		{"nothing changed, and fresh", Content{AsOf: at("2026-11-27 09:00")}, "2026-11-27 09:10", false, "2026-11-27 11:00"},
		{"nothing changed, but old", Content{AsOf: at("2026-11-27 09:00")}, "2026-11-27 11:00", true, ""},
		{"nothing live yet", Content{}, "2026-11-27 11:00", true, ""},
		{"changed in the evening: in the morning", Content{Changed: true, AsOf: at("2026-11-27 09:00")}, "2026-11-27 20:00", false, "2026-11-30 08:00"},
		{"changed on a holiday: the day after", Content{Changed: true, AsOf: at("2026-11-25 09:00")}, "2026-11-26 12:00", false, "2026-11-27 08:00"},
		{"old after the window: in the morning", Content{AsOf: at("2026-11-27 19:00")}, "2026-11-27 19:30", false, "2026-11-30 08:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask, look := s.Again(c.content, at(c.now))
			got := ""
			if !look.IsZero() {
				got = look.In(z).Format("2006-01-02 15:04")
			}
			if ask != c.ask || got != c.look {
				t.Errorf("ask %v, look %q; want %v, %q", ask, got, c.ask, c.look)
			}
		})
	}
	s.MaxAge = 0
	if ask, look := s.Again(Content{AsOf: at("2020-01-01 00:00")}, at("2026-11-27 12:00")); ask || !look.IsZero() {
		t.Errorf("without a greatest age, what did not change is never old: %v, %s", ask, look)
	}
}

func TestAScheduleThatCannotBeMeantIsRefused(t *testing.T) {
	hourly := mustCron(t, "@hourly")
	for want, s := range map[string]Schedule{
		"exactly one of":            {Zone: time.UTC},
		"exactly one of cron":       {Zone: time.UTC, Cron: &hourly, Continuous: true},
		"no time zone":              {Cron: &hourly},
		"not from 1m to 24h":        {Zone: time.UTC, Every: time.Second},
		"is negative":               {Zone: time.UTC, Continuous: true, MaxAge: -1},
		"is for a continuous":       {Zone: time.UTC, Cron: &hourly, MaxAge: time.Hour},
		"needs neither windows nor": {Zone: time.UTC, Once: time.Unix(1, 0), Rest: Days{Federal: true}},
	} {
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

func TestAWindowThatCannotBeMeantIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "expected days and hours",
		"Mon":                   "no hours such as",
		"Mon Tue 08:00-20:00":   "expected days and hours",
		"Mond 08:00-20:00":      `"Mond" is no day of the week`,
		"Mon- 08:00-20:00":      `"" is no day of the week`,
		"Mon 8-20":              `"8" is no time of day`,
		"Mon 08:00-24:01":       `"24:01"`,
		"Mon 24:00-06:00":       "can't begin at 24:00",
		"Mon 08:00-08:00":       "for the whole day write 00:00-24:00",
		"Mon 08:0-20:00":        `"08:0"`,
		"Mon,,Tue 08:00-20:00":  `"" is no day`,
		"Mon 08:60-20:00":       `"08:60"`,
		"Mon 0800:00-2000:00":   "no time of day",
		"Mon -08:00-20:00":      "no time of day",
		"Mon-Fri\u00a008:00-20": "no",
	} {
		if _, err := ParseWindow(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParseWindow(f *testing.F) {
	for _, text := range []string{"Mon-Fri 08:00-20:00", "22:00-06:00", "Sat-Mon 00:00-24:00", "sunday 1:00-2:00"} {
		f.Add(text)
	}
	z := zone(f, "America/New_York")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := ParseWindow(text)
		if err != nil {
			return
		}
		s := Schedule{Zone: z, Continuous: true, Windows: []Window{w}}
		if _, ok := s.Next(time.Date(2026, 3, 7, 0, 0, 0, 0, time.UTC)); !ok {
			t.Errorf("%q was accepted, but never opens", text)
		}
	})
}
