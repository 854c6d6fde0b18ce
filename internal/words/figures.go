package words

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/text"
)

// Took is text.Took in the language: "350 ms", "2,3 s", "3 min 20 s".
func (l Language) Took(d time.Duration) string { return l.decimal(text.Took(d)) }

// Bytes is text.Bytes in the language: "25,3 MB".
func (l Language) Bytes(n int64) string { return l.decimal(text.Bytes(n)) }

// decimal writes a number with the language's decimal sign.
func (l Language) decimal(written string) string {
	return strings.Replace(written, ".", l.whole().file.Decimal, 1)
}

// Time is an instant as people read it. It knows how the language puts it into a
// sentence, for which the verb of a translation asks: see the head of es.yaml.
type Time struct {
	// Text is the time by itself.
	Text string
	day  bool
	hour int
	in   Language
}

// Date is a day, by the clock of its zone: "Mon 2 Jan 2006".
func (l Language) Date(t time.Time) string {
	f := l.whole().file
	return l.mark(fmt.Sprintf("%s %d %s %d", f.Weekdays[t.Weekday()], t.Day(), f.Months[t.Month()-1], t.Year()))
}

// Time is a time of day, written as layout says, by the clock of its zone; with its day
// where that is asked for.
func (l Language) Time(t time.Time, layout string, day bool) Time {
	said := Time{Text: l.mark(t.Format(layout) + " " + zoneName(t)), day: day, hour: t.Hour(), in: l}
	if day {
		said.Text = l.Date(t) + ", " + said.Text
	}
	return said
}

// String is the time by itself.
func (t Time) String() string { return t.Text }

// Format writes the time: %a as when something happens, %t as what follows a
// preposition, any other verb by itself.
func (t Time) Format(s fmt.State, verb rune) {
	f := t.in.whole().file
	how := phrase{}
	switch verb {
	case 'a':
		how = f.At
	case 't':
		how = f.The
	}
	around := how.Time
	if t.day {
		around = how.Day
	} else if t.hour == 1 {
		around = how.One
	}
	if around == "" {
		around = "%s"
	}
	_, _ = io.WriteString(s, strings.Replace(around, "%s", t.Text, 1))
}

// zoneName is the zone's name for people: some zones have only a number.
func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + name
	}
	return name
}

// Span is text.Span in the language: "3 min 20 s".
func (l Language) Span(d time.Duration) string { return l.decimal(text.Span(d)) }

// Weekday is a day of the week, shortened: "Mon".
func (l Language) Weekday(d time.Weekday) string { return l.whole().file.Weekdays[d] }

// Month is a month, shortened: "Jan".
func (l Language) Month(m time.Month) string { return l.whole().file.Months[m-1] }
