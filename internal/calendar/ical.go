package calendar

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"
)

// MaxICalendar bounds an iCalendar file, in bytes.
const MaxICalendar = 1 << 20

// maxDays bounds how many days of rest a file may name.
const maxDays = 10_000

// icalendarYears is how many years ahead repeating events are expanded.
const icalendarYears = 5

// ParseICalendar reads days of rest from an iCalendar file (RFC 5545): its all-day
// events, with repeating ones expanded from a year before around to five years after it.
// Events at a time of day are ignored; timed counts them.
func ParseICalendar(text []byte, around Date) (days map[Date]string, timed int, err error) {
	if len(text) > MaxICalendar {
		return nil, 0, fmt.Errorf("read an iCalendar file: it is larger than %d bytes", MaxICalendar)
	}
	file, err := ics.ParseCalendar(bytes.NewReader(text))
	if err != nil {
		return nil, 0, fmt.Errorf("read an iCalendar file: %w", err)
	}
	days = map[Date]string{}
	for i, event := range file.Events() {
		allDay, err := addEvent(days, event, around)
		if err != nil {
			return nil, 0, fmt.Errorf("read an iCalendar file: event %d (%s): %w", i+1, cutText(eventName(event)), err)
		}
		if !allDay {
			timed++
		}
		if len(days) > maxDays {
			return nil, 0, fmt.Errorf("read an iCalendar file: it names more than %d days", maxDays)
		}
	}
	return days, timed, nil
}

// addEvent adds the days of an all-day event; false for any other.
func addEvent(days map[Date]string, event *ics.VEvent, around Date) (allDay bool, err error) {
	start := event.GetProperty(ics.ComponentPropertyDtStart)
	if start == nil {
		return false, fmt.Errorf("it has no DTSTART")
	}
	first, err := time.Parse("20060102", start.Value)
	if err != nil {
		if strings.Contains(start.Value, "T") {
			return false, nil
		}
		return false, fmt.Errorf("DTSTART %q is no date such as 20261225", cutText(start.Value))
	}
	length, err := eventLength(event, first)
	if err != nil {
		return false, err
	}
	starts, err := eventStarts(event, first, around)
	if err != nil {
		return false, err
	}
	for _, start := range starts {
		for n := range length {
			days[DateOf(start, time.UTC).Add(n)] = eventName(event)
		}
	}
	return true, nil
}

// eventLength is how many days an event takes: DTEND is the day after its last
// (RFC 5545, 3.6.1), and one without an end takes one.
func eventLength(event *ics.VEvent, first time.Time) (int, error) {
	end := event.GetProperty(ics.ComponentPropertyDtEnd)
	if end == nil {
		return 1, nil
	}
	after, err := time.Parse("20060102", end.Value)
	if err != nil {
		return 0, fmt.Errorf("DTEND %q is no date such as 20261226", cutText(end.Value))
	}
	length := int(after.Sub(first).Hours() / 24)
	if length < 1 || length > 366 {
		return 0, fmt.Errorf("it takes %d days, which is not 1 to 366", length)
	}
	return length, nil
}

func eventStarts(event *ics.VEvent, first time.Time, around Date) ([]time.Time, error) {
	rule := event.GetProperty(ics.ComponentPropertyRrule)
	if rule == nil {
		return []time.Time{first}, nil
	}
	option, err := rrule.StrToROption(rule.Value)
	if err != nil {
		return nil, fmt.Errorf("RRULE: %w", err)
	}
	if option.Freq > rrule.DAILY {
		return nil, fmt.Errorf("RRULE: an all-day event can't repeat within a day")
	}
	option.Dtstart = first
	repeat, err := rrule.NewRRule(*option)
	if err != nil {
		return nil, fmt.Errorf("RRULE: %w", err)
	}
	except := map[string]bool{}
	for _, p := range event.GetProperties(ics.ComponentPropertyExdate) {
		for value := range strings.SplitSeq(p.Value, ",") {
			except[value] = true
		}
	}
	var starts []time.Time
	for _, t := range repeat.Between(around.Add(-366).noon(), around.Add(366*icalendarYears).noon(), true) {
		if !except[t.Format("20060102")] {
			starts = append(starts, t)
		}
	}
	return starts, nil
}

// eventName is the event's summary, or a word for one without.
func eventName(event *ics.VEvent) string {
	if p := event.GetProperty(ics.ComponentPropertySummary); p != nil && p.Value != "" {
		return p.Value
	}
	return "Closed"
}
