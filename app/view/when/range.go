package when

import "time"

// Range is the range of instants in which an event is expected. The zero Range says that it
// is not known.
type Range struct{ From, To time.Time }

// IsZero says that nothing is known.
func (r Range) IsZero() bool { return r.To.IsZero() }

// After is the range between two spans after an instant.
func After(at time.Time, least, most time.Duration) Range {
	return Range{at, at}.Later(least, most)
}

// Later is the range after a span of least to most.
func (r Range) Later(least, most time.Duration) Range {
	return Range{r.From.Add(least), r.To.Add(most)}
}

// Around says a range to people: "about 01:47 EST, in 2 to 4 min". It is "" for a
// range that is not known.
func (c Clock) Around(r Range) string {
	if r.IsZero() {
		return ""
	}
	middle := r.From.Add(r.To.Sub(r.From) / 2)
	l, about := c.Language, c.Minute(middle)
	least, most := int(r.From.Sub(c.Now)/time.Minute), int((r.To.Sub(c.Now)+time.Minute-1)/time.Minute)
	switch {
	case most > 90:
		return l.Say("about %s", about)
	case most <= 1:
		return l.Say("about %s, in a minute", about)
	case least <= 0:
		return l.Say("about %s, within %d min", about, most)
	case least == most:
		return l.Say("about %s, in %d min", about, most)
	}
	return l.Say("about %s, in %d to %d min", about, least, most)
}
