package calendar

import (
	"iter"
	"math/bits"
	"time"
)

// Cron is a cron expression of five fields, as in crontab(5)
// (https://man7.org/linux/man-pages/man5/crontab.5.html): minute, hour, day of the
// month, month, day of the week. The zero value never fires; see ParseCron.
type Cron struct {
	text                        string
	minutes                     uint64
	hours, days, months, weekly uint64
	anyDay, anyWeekday          bool // the field begins with *: it does not limit
	everyHour                   bool // the field is *: repeated hours count
}

// String is the expression as it was written.
func (c Cron) String() string { return c.text }

// maxSearch is longer than the longest wait for a day that exists: 29 February
// from 2096 to 2104.
const maxSearch = 9 * 366

// Next is the first slot after an instant, in the zone. ok is false for a Cron
// that never fires.
func (c Cron) Next(after time.Time, zone *time.Location) (slot time.Time, ok bool) {
	day := DateOf(after, zone).Add(-1) // a gap at midnight moves a slot to the next day
	for range maxSearch {
		if c.matches(day) {
			if t, found := c.nextOn(day, after, zone); found {
				return t, true
			}
		}
		day = day.Add(1)
	}
	return time.Time{}, false
}

// matches says whether the expression has slots on a day. As in crontab(5), if both day
// fields are limited, a day matches that either names.
func (c Cron) matches(d Date) bool {
	if c.months&(1<<d.Month) == 0 {
		return false
	}
	day, weekday := c.days&(1<<d.Day) != 0, c.weekly&(1<<d.Weekday()) != 0
	if c.anyDay || c.anyWeekday {
		return day && weekday
	}
	return day || weekday
}

// maxSetBack is more than any zone's clock has been set back by since 1970: 3 hours, at
// Casey in Antarctica.
const maxSetBack = 4 * 60 // minutes

// nextOn is the first slot of a day after an instant.
func (c Cron) nextOn(day Date, after time.Time, zone *time.Location) (slot time.Time, ok bool) {
	if midnight, steady := steadyMidnight(day, zone); steady {
		for minute := range c.minutesFrom(int(after.Sub(midnight) / time.Minute)) {
			if t := midnight.Add(time.Duration(minute) * time.Minute); t.After(after) {
				return t, true
			}
		}
		return time.Time{}, false
	}
	return c.nextUnsteady(day, after, zone)
}

// nextUnsteady is nextOn around a change of the zone's offset, where the order of wall
// times is not the order in time.
func (c Cron) nextUnsteady(day Date, after time.Time, zone *time.Location) (slot time.Time, ok bool) {
	latest := 24 * 60
	for minute := range c.minutesFrom(0) {
		if minute > latest {
			break
		}
		for _, t := range c.slots(wall{day, minute}, zone) {
			if t.After(after) && (!ok || t.Before(slot)) {
				slot, ok, latest = t, true, minute+maxSetBack
			}
		}
	}
	return slot, ok
}

// minutesFrom are the minutes of a day that the expression names, from one on.
func (c Cron) minutesFrom(from int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for hours := c.hours; hours != 0; hours &= hours - 1 {
			hour := bits.TrailingZeros64(hours) * 60
			if hour+59 < from {
				continue
			}
			for minutes := c.minutes; minutes != 0; minutes &= minutes - 1 {
				if at := hour + bits.TrailingZeros64(minutes); at >= from && !yield(at) {
					return
				}
			}
		}
	}
}

func (c Cron) slots(at wall, zone *time.Location) []time.Time {
	if c.everyHour {
		return at.instants(zone)
	}
	return []time.Time{at.first(zone)}
}
