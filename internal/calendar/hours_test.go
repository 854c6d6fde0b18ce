package calendar

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func office(t testing.TB, windows ...string) Schedule {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	s := Schedule{Name: "office", Zone: zone, Every: time.Hour, Rest: Days{Federal: true}}
	for _, text := range windows {
		w, err := ParseWindow(text)
		if err != nil {
			t.Fatal(err)
		}
		s.Windows = append(s.Windows, w)
	}
	return s
}

func TestHoursLeaveNightsWeekendsAndHolidaysOut(t *testing.T) {
	hours := HoursOf([]Schedule{office(t, "Mon-Fri 08:00-20:00"), {Name: "always"}})
	zone := hours[0].Zone
	at := func(day, hour int) time.Time { return time.Date(2026, 11, day, hour, 0, 0, 0, zone) }
	for name, c := range map[string]struct {
		from, to time.Time
		want     time.Duration
	}{
		"within a day":                  {at(24, 9), at(24, 11), 2 * time.Hour},
		"over a night":                  {at(24, 19), at(25, 9), 2 * time.Hour},
		"at night":                      {at(24, 21), at(25, 7), 0},
		"over Thanksgiving":             {at(25, 19), at(27, 9), 2 * time.Hour},
		"over a weekend":                {at(27, 19), at(30, 9), 2 * time.Hour},
		"a whole week with its holiday": {at(23, 0), at(30, 0), 48 * time.Hour},
		"backwards":                     {at(24, 11), at(24, 9), 0},
		"over the end of summer time":   {time.Date(2026, 10, 30, 19, 0, 0, 0, zone), at(2, 9), 2 * time.Hour},
	} {
		if got := hours.Between(c.from, c.to); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if hours.Open(at(26, 12)) || !hours.Open(at(24, 12)) || hours.Open(at(28, 12)) {
		t.Error("Thanksgiving or a Saturday is open, or a Tuesday is not")
	}
	if always := HoursOf([]Schedule{{Name: "always"}}); !always.Open(at(28, 3)) || always.Between(at(24, 0), at(25, 0)) != 24*time.Hour {
		t.Error("without windows it is not always")
	}
}

// What is between two instants is as much as the parts, and no more than all.
func TestHoursAddUp(t *testing.T) {
	hours := Hours{office(t, "Mon-Fri 08:00-12:00", "Mon-Fri 11:00-20:00"), office(t, "Sat 22:00-03:00")}
	begin := time.Date(2026, 10, 25, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.IntRange(0, 30*24*60)
		a, b, c := minute.Draw(t, "a"), minute.Draw(t, "b"), minute.Draw(t, "c")
		from, middle, to := begin.Add(time.Duration(min(a, b, c))*time.Minute), begin.Add(time.Duration(a+b+c-min(a, b, c)-max(a, b, c))*time.Minute), begin.Add(time.Duration(max(a, b, c))*time.Minute)
		whole := hours.Between(from, to)
		if parts := hours.Between(from, middle) + hours.Between(middle, to); parts != whole || whole < 0 || whole > to.Sub(from) {
			t.Fatalf("%s to %s: %s whole, %s in parts", from, to, whole, parts)
		}
	})
}
