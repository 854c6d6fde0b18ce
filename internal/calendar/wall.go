package calendar

import "time"

// wall is a local time of day: a day, and minutes since midnight from 0 to 1440 (24:00,
// the midnight that ends the day).
type wall struct {
	date   Date
	minute int
}

// instants are the instants at which a clock in the zone shows w: usually one, none when
// the clock skips w, two when it is set back over w.
func (w wall) instants(zone *time.Location) []time.Time {
	naive := w.naive()
	var found []time.Time
	// A transition lies between the offsets of the day before and the day after.
	for _, around := range []time.Duration{-24 * time.Hour, 24 * time.Hour} {
		_, offset := naive.Add(around).In(zone).Zone()
		t := naive.Add(-time.Duration(offset) * time.Second)
		if !shows(t.In(zone), naive) || (len(found) == 1 && found[0].Equal(t)) {
			continue
		}
		found = append(found, t)
	}
	if len(found) == 2 && found[1].Before(found[0]) {
		found[0], found[1] = found[1], found[0]
	}
	return found
}

// first is the instant at which a clock in the zone first shows w, or skips it.
func (w wall) first(zone *time.Location) time.Time {
	if found := w.instants(zone); len(found) > 0 {
		return found[0]
	}
	naive := w.naive()
	_, offset := naive.Add(-24 * time.Hour).In(zone).Zone()
	start, _ := naive.Add(-time.Duration(offset) * time.Second).In(zone).ZoneBounds()
	return start.UTC()
}

// naive is w as if the zone were UTC.
func (w wall) naive() time.Time {
	return time.Date(w.date.Year, w.date.Month, w.date.Day, 0, w.minute, 0, 0, time.UTC)
}

func shows(local, naive time.Time) bool {
	y, m, d := local.Date()
	return y == naive.Year() && m == naive.Month() && d == naive.Day() && local.Hour() == naive.Hour() && local.Minute() == naive.Minute()
}

// steadyMidnight is when a day begins in a zone. steady is false if the zone's offset
// changes on that day or on the days beside it.
func steadyMidnight(d Date, zone *time.Location) (midnight time.Time, steady bool) {
	noon := wall{d, 12 * 60}.naive()
	start, end := noon.In(zone).ZoneBounds()
	const margin = 50 * time.Hour // more than a day and any zone's distance from UTC
	if !start.IsZero() && start.After(noon.Add(-margin)) || !end.IsZero() && end.Before(noon.Add(margin)) {
		return time.Time{}, false
	}
	_, offset := noon.In(zone).Zone()
	return noon.Add(-12*time.Hour - time.Duration(offset)*time.Second), true
}
