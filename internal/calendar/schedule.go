package calendar

import (
	"errors"
	"fmt"
	"time"
)

// Schedule is one rule by which a site asks for a release by itself. Exactly one
// of Cron, Every, Once and Continuous says when.
type Schedule struct {
	// Name is unique among a site's schedules.
	Name string
	// Zone is the time zone of the schedule.
	Zone *time.Location
	// Cron fires at each match of an expression; inside Windows if there are any.
	Cron *Cron
	// Every fires at the start of each window and then at this interval of real time
	// until the window ends; without windows, from each midnight on. It is at least a
	// minute and at most a day.
	Every time.Duration
	// Once fires at this instant, and never again.
	Once time.Time
	// Continuous asks again as soon as the last release is done, while a window
	// is open: see Again.
	Continuous bool
	// MaxAge is for Continuous: content older than this is released again even if no
	// change is known. 0 for never.
	MaxAge time.Duration
	// IfChanged is for Continuous: it asks for a release only if a change is known, or
	// content is older than MaxAge.
	IfChanged bool
	// Windows are when the schedule is active; none for always.
	Windows []Window
	// Shift delays each slot of Cron or Every, by 0 to MaxSpread: see ShiftOf. A slot
	// near the end of a window may come after it.
	Shift time.Duration
	// Rest are days without slots. A window belongs to the day it begins on.
	Rest Days
	// Skip drops slots that were missed, such as while the app was down; otherwise the
	// latest of them is made up for, once.
	Skip bool
}

// Check finds mistakes in a schedule.
func (s Schedule) Check() error {
	kinds := 0
	for _, set := range []bool{s.Cron != nil, s.Every != 0, !s.Once.IsZero(), s.Continuous} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return errors.New("exactly one of cron, every, at and continuous says when")
	case s.Zone == nil:
		return errors.New("it has no time zone")
	case s.Every != 0 && (s.Every < time.Minute || s.Every > 24*time.Hour):
		return fmt.Errorf("every %s is not from 1m to 24h", s.Every)
	case s.Shift < 0 || s.Shift > MaxSpread:
		return fmt.Errorf("a shift of %s is not from 0 to %s", s.Shift, MaxSpread)
	case s.MaxAge < 0:
		return fmt.Errorf("a greatest age of %s is negative", s.MaxAge)
	case s.MaxAge != 0 && !s.Continuous:
		return errors.New("a greatest age is for a continuous schedule")
	case !s.Once.IsZero() && (len(s.Windows) > 0 || s.Rest.any()):
		return errors.New("a date needs neither windows nor days of rest")
	}
	return nil
}

func (d Days) any() bool { return d.Federal || len(d.Closed) > 0 }

// Next is the schedule's first slot after an instant; ok is false when there is
// none within nine years. A continuous schedule's slots are the starts of its
// windows.
func (s Schedule) Next(after time.Time) (slot time.Time, ok bool) {
	if s.shifts() {
		shift := s.Shift
		s.Shift = 0
		slot, ok = s.Next(after.Add(-shift))
		return slot.Add(shift), ok
	}
	switch {
	case s.Cron != nil:
		return s.nextCron(after)
	case !s.Once.IsZero():
		return s.Once.UTC(), s.Once.After(after)
	}
	return s.nextInWindows(after, s.Continuous)
}

func (s Schedule) nextCron(after time.Time) (time.Time, bool) {
	limit := after.AddDate(9, 0, 0)
	for {
		slot, ok := s.Cron.Next(after, s.Zone)
		if !ok || slot.After(limit) {
			return time.Time{}, false
		}
		if s.awake(slot) {
			return slot.UTC(), true
		}
		opens, ok := s.nextInWindows(slot, true)
		if !ok {
			return time.Time{}, false
		}
		after = opens.Add(-1)
	}
}

// nextInWindows is the next slot of a schedule that counts from its windows, or
// only the next start of a window.
func (s Schedule) nextInWindows(after time.Time, starts bool) (time.Time, bool) {
	day := DateOf(after, s.Zone).Add(-2) // a window may go on for a day
	for range maxSearch {
		if slot, ok := s.firstOn(day, after, starts); ok {
			return slot.UTC(), true
		}
		day = day.Add(1)
	}
	return time.Time{}, false
}

// firstOn is the first slot after an instant in the windows that begin on a day.
func (s Schedule) firstOn(day Date, after time.Time, starts bool) (slot time.Time, ok bool) {
	for _, w := range s.windows() {
		from, to, open := s.span(w, day)
		if !open || !to.After(after) {
			continue
		}
		t := from
		if !t.After(after) {
			if starts {
				continue
			}
			passed := after.Sub(from)
			t = after.Add(s.Every - passed%s.Every)
		}
		if t.Before(to) && (!ok || t.Before(slot)) {
			slot, ok = t, true
		}
	}
	return slot, ok
}

// allDay is the window of a schedule without windows.
var allDay = Window{weekdays: [7]bool{true, true, true, true, true, true, true}, to: 24 * 60}

func (s Schedule) windows() []Window {
	if len(s.Windows) == 0 {
		return []Window{allDay}
	}
	return s.Windows
}

// span is when a window that begins on a day is open; open is false on a day of rest.
func (s Schedule) span(w Window, day Date) (from, to time.Time, open bool) {
	if _, closed := s.Rest.closed(day); closed {
		return from, to, false
	}
	return w.span(day, s.Zone)
}

// awake says whether a window is open at an instant.
func (s Schedule) awake(t time.Time) bool { return !s.OpenUntil(t).IsZero() }

// OpenUntil is when the schedule's windows that are open at an instant end; zero
// when none is.
func (s Schedule) OpenUntil(t time.Time) (end time.Time) {
	day := DateOf(t, s.Zone)
	for back := range 3 {
		for _, w := range s.windows() {
			from, to, open := s.span(w, day.Add(-back))
			if open && !t.Before(from) && t.Before(to) && to.After(end) {
				end = to
			}
		}
	}
	return end
}

// Due is the result of Look.
type Due struct {
	// Slot is the slot that asks for a release now; zero when none is due.
	Slot time.Time
	// Missed counts the earlier slots that were missed.
	Missed int
	// Next is the next slot; zero when there is none.
	Next time.Time
}

// maxMissed bounds how many missed slots are counted: a month of one a minute.
const maxMissed = 31 * 24 * 60

// Look finds the slots after the last call, up to now. late is how late a slot may be
// without counting as missed, for a Schedule with Skip.
func (s Schedule) Look(last, now time.Time, late time.Duration) Due {
	var found Due
	at, ok := s.Next(last)
	for n := 0; ok && !at.After(now); n++ {
		if !found.Slot.IsZero() {
			found.Missed++
		}
		found.Slot = at
		if n == maxMissed && at.Before(now.Add(-24*time.Hour)) { // the app was down for too long to count them all
			at, ok = s.Next(now.Add(-24 * time.Hour))
			continue
		}
		at, ok = s.Next(at)
	}
	if ok {
		found.Next = at
	}
	if s.Skip && !found.Slot.IsZero() && now.Sub(found.Slot) > late {
		found.Slot, found.Missed = time.Time{}, found.Missed+1
	}
	return found
}
