package terminal

import (
	"fmt"
	"strings"
	"time"
)

// ParseInstant reads an instant: 2026-12-24T18:00:00+01:00, a local "2026-12-24
// 18:00", the next 18:00, now, or a span from now such as 2h.
func ParseInstant(text string, now time.Time, local *time.Location) (time.Time, error) {
	if text == "now" {
		return now.Truncate(time.Second), nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, text, local); err == nil {
			return at, nil
		}
	}
	if at, err := time.ParseInLocation("15:04", text, local); err == nil {
		return nextClock(at, now.In(local)), nil
	}
	if span, err := time.ParseDuration(strings.TrimPrefix(text, "+")); err == nil && span > 0 {
		return now.Add(span).Truncate(time.Second), nil
	}
	return time.Time{}, fmt.Errorf(`%q is no instant; expected 2026-12-24T18:00:00+01:00, "2026-12-24 18:00" or 18:00 (this machine's zone), now, or a span from now such as 2h`, text)
}

// nextClock is the next time that the clock shows a time of day.
func nextClock(clock, now time.Time) time.Time {
	at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if at.After(now) {
		return at
	}
	return time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
}
