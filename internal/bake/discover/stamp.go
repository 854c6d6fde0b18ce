package discover

import "time"

// dayWest is how long after its end in UTC a day ends where it ends last.
const dayWest = 12 * time.Hour

// Latest is the latest instant that a stamp of a list can mean, as sitemaps have it
// (https://www.w3.org/TR/NOTE-datetime): "2026-11-30" is all of that day, in whatever zone.
// It is false for text that is no stamp, or says less than a day.
func Latest(stamp string) (time.Time, bool) {
	for _, form := range []struct {
		layout string
		spans  time.Duration
	}{
		{time.RFC3339, time.Second},
		{"2006-01-02T15:04Z07:00", time.Minute},
		{time.DateOnly, 24*time.Hour + dayWest},
	} {
		if at, err := time.Parse(form.layout, stamp); err == nil {
			return at.Add(form.spans), true
		}
	}
	return time.Time{}, false
}
