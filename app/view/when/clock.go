package when

import (
	"time"

	"github.com/pressrun/pressrun/internal/words"
)

// Clock tells time to people of one zone and language.
type Clock struct {
	Now      time.Time
	Zone     *time.Location
	Language words.Language
}

// Time is a time as people read it: in their zone, with the zone's name, and
// with the day when it is not today.
func (c Clock) Time(t time.Time) words.Time {
	if c.Today(t) {
		return c.Language.Time(t.In(c.Zone), "15:04:05", false)
	}
	return c.Language.Time(t.In(c.Zone), "15:04", true)
}

// Minute is a time to the minute, where seconds are not known or not needed.
func (c Clock) Minute(t time.Time) words.Time {
	return c.Language.Time(t.In(c.Zone), "15:04", !c.Today(t))
}

// Today says whether an instant is on the same day as now.
func (c Clock) Today(t time.Time) bool {
	a, b := t.In(c.Zone), c.Now.In(c.Zone)
	return a.YearDay() == b.YearDay() && a.Year() == b.Year()
}

// Moment is an instant for a page: Attr for programs, Text for people.
type Moment struct{ Attr, Text string }

// At is an instant for a page; nil for no time.
func (c Clock) At(t time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{Attr: t.In(c.Zone).Format(time.RFC3339), Text: c.Time(t).Text}
}

// About is At for an instant that is known to the minute only.
func (c Clock) About(t time.Time) *Moment {
	at := c.At(t)
	if at != nil {
		at.Text = c.Minute(t).Text
	}
	return at
}

// OfDay is At without the day, to the minute.
func (c Clock) OfDay(t time.Time) *Moment {
	at := c.At(t)
	if at != nil {
		at.Text = c.Language.Time(t.In(c.Zone), "15:04", false).Text
	}
	return at
}

// Since is a span up to now, for a page that counts on: Attr is its beginning.
func (c Clock) Since(t time.Time) *Moment {
	if t.IsZero() {
		return nil
	}
	return &Moment{Attr: t.UTC().Format(time.RFC3339Nano), Text: c.Language.Span(c.Now.Sub(t))}
}
