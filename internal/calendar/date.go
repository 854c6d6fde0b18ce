package calendar

import (
	"fmt"
	"time"
)

// Date is a day of the Gregorian calendar, in no time zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int // 1 to 31
}

// DateOf is the day that a clock in the zone shows at an instant.
func DateOf(t time.Time, zone *time.Location) Date {
	y, m, d := t.In(zone).Date()
	return Date{y, m, d}
}

// ParseDate reads a day written as 2026-11-28.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("%q is no date such as 2026-11-28", text)
	}
	return DateOf(t, time.UTC), nil
}

// Add is the day n days later, or earlier if n is negative.
func (d Date) Add(n int) Date {
	return DateOf(time.Date(d.Year, d.Month, d.Day+n, 12, 0, 0, 0, time.UTC), time.UTC)
}

// Begin is the first instant of the day in a zone. Where the clock is set forward at
// midnight, as in Santiago, it is the instant to which it is set, and not one of the day before.
func (d Date) Begin(zone *time.Location) time.Time { return wall{d, 0}.first(zone) }

// Before says whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.noon().Before(other.noon()) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.noon().Weekday() }

// String is the day as 2026-11-28.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

func (d Date) noon() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 12, 0, 0, 0, time.UTC)
}
