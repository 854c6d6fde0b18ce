package calendar

import (
	"strings"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/us"
)

// TestFederalHolidaysEqualTheOracles compares every day of 2022 to 2100 with
// another implementation of the same law.
func TestFederalHolidaysEqualTheOracles(t *testing.T) {
	oracle := cal.NewBusinessCalendar()
	oracle.AddHoliday(us.Holidays...)
	for d := (Date{2022, time.January, 1}); d.Year <= 2100; d = d.Add(1) {
		actual, observed, _ := oracle.IsHoliday(d.noon())
		if got := FederalHoliday(d) != ""; got != (actual || observed) {
			t.Errorf("%s: %q, but the oracle says actual=%v observed=%v", d, FederalHoliday(d), actual, observed)
		}
	}
}

// TestObservedDaysOf2026And2027 holds the days that OPM publishes
// (https://www.opm.gov/policy-data-oversight/pay-leave/federal-holidays/).
func TestObservedDaysOf2026And2027(t *testing.T) {
	want := "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-10-12 2026-11-11 2026-11-26 2026-12-25 " +
		"2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-18 2027-07-05 2027-09-06 2027-10-11 2027-11-11 2027-11-25 2027-12-24 2027-12-31"
	var got []string
	for d := (Date{2026, time.January, 1}); d.Year <= 2027; d = d.Add(1) {
		weekend := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday
		if FederalHoliday(d) != "" && !weekend {
			got = append(got, d.String())
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestDaysOfRestComeFromRulesAndLists(t *testing.T) {
	day := func(text string) Date {
		d, err := ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	days := Days{
		Federal: true,
		Closed:  map[Date]string{day("2026-12-24"): "Christmas Eve"},
		Open:    map[Date]bool{day("2026-11-11"): true},
	}
	for text, want := range map[string]string{
		"2026-12-24": "Christmas Eve", "2026-12-25": "Christmas Day", "2026-11-11": "", "2026-11-26": "Thanksgiving Day", "2026-11-27": "", "2026-07-03": "Independence Day (observed)",
	} {
		if got, closed := days.closed(day(text)); got != want || closed != (want != "") {
			t.Errorf("%s: %q, %v, want %q", text, got, closed, want)
		}
	}
	var names []string
	for _, h := range days.Next(day("2026-11-12"), 4) {
		names = append(names, h.Date.String()+" "+h.Name)
	}
	if got := strings.Join(names, "; "); got != "2026-11-26 Thanksgiving Day; 2026-12-24 Christmas Eve; 2026-12-25 Christmas Day; 2027-01-01 New Year's Day" {
		t.Errorf("the next days of rest are %s", got)
	}
	for _, bad := range []string{"2026-02-29", "26-1-1", "2026-11-28T00:00", ""} {
		if _, err := ParseDate(bad); err == nil {
			t.Errorf("%q was read as a date", bad)
		}
	}
}

const icalendar = `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//test//EN
BEGIN:VEVENT
UID:1
SUMMARY:Founders' Day
DTSTART;VALUE=DATE:20200315
RRULE:FREQ=YEARLY
EXDATE;VALUE=DATE:20270315
END:VEVENT
BEGIN:VEVENT
UID:2
SUMMARY:Winter closing
DTSTART;VALUE=DATE:20261228
DTEND;VALUE=DATE:20270101
END:VEVENT
BEGIN:VEVENT
UID:3
SUMMARY:Staff meeting
DTSTART:20261201T100000Z
DTEND:20261201T110000Z
END:VEVENT
END:VCALENDAR
`

func TestAnICalendarFileNamesDaysOfRest(t *testing.T) {
	days, timed, err := ParseICalendar([]byte(strings.ReplaceAll(icalendar, "\n", "\r\n")), Date{2026, time.November, 28})
	if err != nil || timed != 1 {
		t.Fatalf("timed %d, %v", timed, err)
	}
	for text, want := range map[string]string{
		"2026-03-15": "Founders' Day", "2027-03-15": "", "2028-03-15": "Founders' Day",
		"2026-12-27": "", "2026-12-28": "Winter closing", "2026-12-31": "Winter closing", "2027-01-01": "", "2026-12-01": "",
	} {
		d, err := ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		if days[d] != want {
			t.Errorf("%s: %q, want %q", text, days[d], want)
		}
	}
}

func TestABadICalendarFileIsRefusedWithItsPlace(t *testing.T) {
	for edit, want := range map[string]string{
		"20261228>2026-12-28":                 `event 2 (Winter closing): DTSTART "2026-12-28"`,
		"20270101>20261228":                   "it takes 0 days",
		"FREQ=YEARLY>FREQ=SOMETIMES":          "event 1 (Founders' Day): RRULE",
		"FREQ=YEARLY>FREQ=SECONDLY":           "can't repeat within a day",
		"DTSTART;VALUE=DATE:20200315\n>":      "it has no DTSTART",
		"BEGIN:VCALENDAR>BEGIN:SOMETHINGELSE": "read an iCalendar file",
	} {
		before, after, _ := strings.Cut(edit, ">")
		text := strings.ReplaceAll(strings.Replace(icalendar, before, after, 1), "\n", "\r\n")
		if _, _, err := ParseICalendar([]byte(text), Date{2026, time.November, 28}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", edit, err, want)
		}
	}
	if _, _, err := ParseICalendar(make([]byte, MaxICalendar+1), Date{2026, 1, 1}); err == nil {
		t.Error("a file over the limit was read")
	}
}

func FuzzParseICalendar(f *testing.F) {
	f.Add([]byte(strings.ReplaceAll(icalendar, "\n", "\r\n")))
	f.Add([]byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		days, _, err := ParseICalendar(text, Date{2026, time.November, 28})
		if err == nil && len(days) > maxDays+366 {
			t.Errorf("%d days were read", len(days))
		}
	})
}
