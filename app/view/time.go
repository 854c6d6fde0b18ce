package view

import (
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/text"
)

// Clock tells time to people of one zone.
type Clock struct {
	Now  time.Time
	Zone *time.Location
}

// Time is a time as people read it: in their zone, with the zone's name, and
// with the day when it is not today.
func (c Clock) Time(t time.Time) string {
	t, now := t.In(c.Zone), c.Now.In(c.Zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05 ") + zoneName(t)
	}
	return t.Format("Mon 2 Jan 2006, 15:04 ") + zoneName(t)
}

// Minute is a time to the minute, for what is known no better or has no need of more.
func (c Clock) Minute(t time.Time) string {
	t, now := t.In(c.Zone), c.Now.In(c.Zone)
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04 ") + zoneName(t)
	}
	return t.Format("Mon 2 Jan 2006, 15:04 ") + zoneName(t)
}

// Moment is an instant for a page: Attr for programs, Text for people.
type Moment struct{ Attr, Text string }

// At is nil for no time.
func (c Clock) At(t time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{Attr: t.In(c.Zone).Format(time.RFC3339), Text: c.Time(t)}
}

// Since is a span that goes on: Attr is when it began.
func (c Clock) Since(t time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{Attr: t.UTC().Format(time.RFC3339Nano), Text: text.Span(c.Now.Sub(t))}
}

// zoneName is the zone's name for people: some zones have only a number.
func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + name
	}
	return name
}
