package view

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Slot is an instant at which a schedule asks for a release.
type Slot struct {
	At       time.Time
	Schedule calendar.Schedule
	// Until is the end of the window that a slot of a continuous schedule opens.
	Until time.Time
	// Frozen is the freeze that covers it; zero for none.
	Frozen release.Window
}

// Local is the slot by the clock of its schedule's zone.
func (s Slot) Local() string { return s.By(words.Language{}, s.Schedule.Zone).Text }

// By is the slot in a language, by the clock of a zone.
func (s Slot) By(l words.Language, zone *time.Location) words.Time {
	return l.Time(s.At.In(zone), "15:04", true)
}

// Holiday is a holiday, and the schedules that rest on it.
type Holiday struct {
	calendar.Holiday
	Schedules []string
}

// shownHolidays bounds the holidays of a Schedule.
const shownHolidays = 10

// Schedule has a site's schedules with their next slots, as of one instant.
type Schedule struct {
	Site      Site
	Schedules []calendar.Schedule
	Slots     []Slot
	Holidays  []Holiday
}

// Schedule reads a site's schedules, with at most next slots.
func (r *Reader) Schedule(ctx context.Context, name string, next int) (v Schedule, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		site, err := siteOf(ctx, r, s, name)
		v = scheduleOf(site, r.schedules[name], next)
		return err
	})
	return v, err
}

func scheduleOf(site Site, all []calendar.Schedule, next int) Schedule {
	return Schedule{Site: site, Schedules: all, Slots: slotsOf(site, all, next), Holidays: holidaysOf(all, site.Now)}
}

// slotsOf are the next slots of all schedules, the soonest first.
func slotsOf(site Site, all []calendar.Schedule, n int) []Slot {
	var slots []Slot
	for _, s := range all {
		if s.Continuous && len(s.Windows) == 0 {
			continue // it is always open
		}
		at, ok := s.Next(site.Now)
		for i := 0; ok && i < n; i++ {
			slot := Slot{At: at, Schedule: s}
			if s.Continuous {
				slot.Until = s.OpenUntil(at)
			}
			slots = append(slots, slot)
			at, ok = s.Next(at)
		}
	}
	slices.SortStableFunc(slots, func(a, b Slot) int { return a.At.Compare(b.At) })
	slots = slots[:min(n, len(slots))]
	for i, slot := range slots {
		for _, w := range site.Windows() {
			if !slot.At.Before(w.From) && slot.At.Before(w.To) {
				slots[i].Frozen = w
			}
		}
	}
	return slots
}

// holidaysOf are the next days on which a schedule rests.
func holidaysOf(all []calendar.Schedule, now time.Time) []Holiday {
	var found []Holiday
	for _, s := range all {
		for _, day := range s.Rest.Next(calendar.DateOf(now, s.Zone), shownHolidays) {
			i := slices.IndexFunc(found, func(h Holiday) bool { return h.Holiday == day })
			if i < 0 {
				i, found = len(found), append(found, Holiday{Holiday: day})
			}
			found[i].Schedules = append(found[i].Schedules, s.Name)
		}
	}
	slices.SortStableFunc(found, func(a, b Holiday) int { return cmp.Compare(a.Date.String(), b.Date.String()) })
	return found[:min(shownHolidays, len(found))]
}

// ScheduleWords is a schedule's rule in words.
func ScheduleWords(l words.Language, s calendar.Schedule) string {
	said := ""
	switch {
	case s.Cron != nil:
		said = s.Cron.Words(l)
	case s.Every != 0:
		said = l.Say("every %s", shortSpan(s.Every))
	case s.IfChanged && s.MaxAge > 0:
		said = l.Say("when something changed, or what is live is %s old", shortSpan(s.MaxAge))
	case s.IfChanged:
		said = l.Say("when something changed")
	case s.Continuous && s.MaxAge > 0:
		said = l.Say("when what is live is %s old", shortSpan(s.MaxAge))
	case s.Continuous:
		said = l.Say("one release after the other")
	default:
		said = l.Say("once, %s", Slot{At: s.Once, Schedule: s}.By(l, s.Zone))
	}
	windows := make([]string, len(s.Windows))
	for i, w := range s.Windows {
		windows[i] = w.Words(l)
	}
	if len(windows) > 0 {
		said += ", " + strings.Join(windows, " "+l.Say("and")+" ")
	}
	return said
}

// shortSpan is a span as the configuration writes it: 1h30m, not 1h30m0s.
func shortSpan(d time.Duration) string {
	written := d.String()
	if whole, ok := strings.CutSuffix(written, "m0s"); ok {
		written = whole + "m"
	}
	if whole, ok := strings.CutSuffix(written, "h0m"); ok {
		written = whole + "h"
	}
	return written
}

// Wire is the schedule as the API gives it.
func (v Schedule) Wire() api.Schedule {
	out := api.Schedule{Site: v.Site.Name, Rules: []api.ScheduleRule{}, Slots: []api.Slot{}, Holidays: []api.Holiday{}}
	for _, s := range v.Schedules {
		rule := api.ScheduleRule{Name: s.Name, When: ScheduleWords(words.Language{}, s), TimeZone: s.Zone.String()}
		if s.Continuous && len(s.Windows) > 0 {
			rule.OpenUntil = instant(s.OpenUntil(v.Site.Now))
		}
		out.Rules = append(out.Rules, rule)
	}
	for _, s := range v.Slots {
		slot := api.Slot{At: s.At.In(s.Schedule.Zone), Schedule: s.Schedule.Name, Local: s.Local(), Until: instant(s.Until)}
		if !s.Frozen.To.IsZero() {
			frozen := api.Freeze(s.Frozen)
			slot.Frozen = &frozen
		}
		out.Slots = append(out.Slots, slot)
	}
	for _, h := range v.Holidays {
		out.Holidays = append(out.Holidays, api.Holiday{Date: h.Date.String(), Name: h.Name, Schedules: h.Schedules})
	}
	return out
}
