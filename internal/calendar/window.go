package calendar

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/words"
)

// Window is a span of the day on some days of the week, such as "Mon-Fri 08:00-20:00". It
// includes its first instant and excludes its last: 20:00 is outside. A window that ends
// before its beginning extends into the next day. The zero value is never open; see
// ParseWindow.
type Window struct {
	weekdays [7]bool
	from, to int // minutes since midnight; to may lie beyond 1440
	text     string
}

// String is the window as it was written.
func (w Window) String() string { return w.text }

// Words are the window with the names of its days in a language.
func (w Window) Words(l words.Language) string {
	if l.IsEnglish() {
		return w.text
	}
	return daysNamed().ReplaceAllStringFunc(w.text, func(day string) string {
		return l.Weekday(time.Weekday(slices.Index(weekdayNames[:], strings.ToLower(day[:3]))))
	})
}

// daysNamed matches the names of days in a window.
var daysNamed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(sun|mon|tue|wed|thu|fri|sat)[a-z]*`) })

var weekdayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// ParseWindow reads "Mon-Fri 08:00-20:00", "Sat,Sun 10:00-24:00" or, for every
// day, "22:00-06:00".
func ParseWindow(text string) (Window, error) {
	w, err := parseWindow(text)
	if err != nil {
		return Window{}, fmt.Errorf("window %q: %w", cutText(text), err)
	}
	return w, nil
}

func parseWindow(text string) (w Window, err error) {
	parts := strings.Fields(text)
	w.text = strings.Join(parts, " ")
	days := "Sun-Sat"
	switch len(parts) {
	case 1:
	case 2:
		days, parts = parts[0], parts[1:]
	default:
		return Window{}, fmt.Errorf(`expected days and hours, such as "Mon-Fri 08:00-20:00"`)
	}
	if w.weekdays, err = parseWeekdays(days); err != nil {
		return Window{}, err
	}
	from, to, ok := strings.Cut(parts[0], "-")
	if !ok {
		return Window{}, fmt.Errorf("%q are no hours such as 08:00-20:00", parts[0])
	}
	if w.from, err = parseClock(from); err != nil {
		return Window{}, err
	}
	if w.to, err = parseClock(to); err != nil {
		return Window{}, err
	}
	if w.from == 24*60 {
		return Window{}, fmt.Errorf("a window can't begin at 24:00: write 00:00 of the next day")
	}
	if w.from == w.to {
		return Window{}, fmt.Errorf("it begins and ends at %s: for the whole day write 00:00-24:00", from)
	}
	if w.to < w.from {
		w.to += 24 * 60
	}
	return w, nil
}

func parseWeekdays(text string) (days [7]bool, err error) {
	for item := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(item, "-")
		from, err := parseWeekday(first)
		if err != nil {
			return days, err
		}
		to := from
		if ranged {
			if to, err = parseWeekday(last); err != nil {
				return days, err
			}
		}
		for d := from; ; d = (d + 1) % 7 { // Sat-Mon goes over the week's end
			days[d] = true
			if d == to {
				break
			}
		}
	}
	return days, nil
}

func parseWeekday(text string) (int, error) {
	for i, name := range weekdayNames {
		if strings.EqualFold(text, name) || strings.EqualFold(text, time.Weekday(i).String()) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%q is no day of the week such as Mon", text)
}

// parseClock reads 08:00 to 24:00 as minutes since midnight.
func parseClock(text string) (int, error) {
	hourText, minuteText, ok := strings.Cut(text, ":")
	hour, err := number(hourText)
	minute, err2 := number(minuteText)
	if !ok || err != nil || err2 != nil || len(minuteText) != 2 || len(hourText) > 2 || minute > 59 || hour*60+minute > 24*60 {
		return 0, fmt.Errorf("%q is no time of day from 00:00 to 24:00", text)
	}
	return hour*60 + minute, nil
}

// span is when a window that begins on a day is open; ok is false when none
// begins on it.
func (w Window) span(d Date, zone *time.Location) (from, to time.Time, ok bool) {
	if !w.weekdays[d.Weekday()] {
		return from, to, false
	}
	from, to = wall{d, w.from}.first(zone), wall{d, w.to}.first(zone)
	return from, to, from.Before(to)
}
