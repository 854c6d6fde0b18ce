package pages

import (
	"time"

	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
)

// scheduleBody is the part of a site's page about its schedules.
type scheduleBody struct {
	Rules    []scheduleRule
	Slots    []slotRow
	Holidays []fact
}

type scheduleRule struct{ Name, When, Zone string }

// slotRow is a slot. Frozen is the reason of the freeze that covers it.
type slotRow struct {
	At           *when.Moment
	Name, Frozen string
}

// shownHolidays is how many holidays a site's page lists.
const shownHolidays = 4

// scheduleBodyOf is nil for a site without schedules. The times of slots are in the zone of
// the reader, or of their schedule.
func scheduleBodyOf(s view.Schedule, reader *time.Location) *scheduleBody {
	if len(s.Schedules) == 0 {
		return nil
	}
	b := &scheduleBody{}
	for _, one := range s.Schedules {
		b.Rules = append(b.Rules, scheduleRule{Name: one.Name, When: view.ScheduleWords(s.Site.Language, one), Zone: one.Zone.String()})
	}
	for _, slot := range s.Slots {
		zone := slot.Schedule.Zone
		if reader != nil {
			zone = reader
		}
		at := when.Moment{Attr: slot.At.In(zone).Format(time.RFC3339), Text: slot.By(s.Site.Language, zone).Text}
		b.Slots = append(b.Slots, slotRow{At: &at, Name: slot.Schedule.Name, Frozen: slot.Frozen.Why})
	}
	for _, h := range s.Holidays[:min(shownHolidays, len(s.Holidays))] {
		day := time.Date(h.Date.Year, h.Date.Month, h.Date.Day, 12, 0, 0, 0, time.UTC)
		b.Holidays = append(b.Holidays, fact{Name: h.Name, Text: s.Site.Language.Date(day)})
	}
	return b
}
