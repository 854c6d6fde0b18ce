package calendar

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// field is one of the five fields of a cron expression.
type field struct {
	name     string
	min, max int
	names    []string // of min, min+1 and so on
}

var cronFields = [5]field{
	{name: "minute", min: 0, max: 59},
	{name: "hour", min: 0, max: 23},
	{name: "day of the month", min: 1, max: 31},
	{name: "month", min: 1, max: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{name: "day of the week", min: 0, max: 7, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

var cronNames = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
	"@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

// maxCronText bounds an expression, in bytes. A list of every minute has 169.
const maxCronText = 500

// ParseCron reads a cron expression: five fields of numbers, names (jan, mon),
// ranges, lists and steps, or @hourly, @daily, @weekly, @monthly, @yearly. The
// error names the field, and an expression that can never fire is an error too.
func ParseCron(text string) (Cron, error) {
	c, err := parseCron(text)
	if err != nil {
		return Cron{}, fmt.Errorf("cron expression %q: %w", cutText(text), err)
	}
	return c, nil
}

func cutText(text string) string {
	if len(text) > maxCronText {
		return strings.ToValidUTF8(text[:maxCronText], "") + "..."
	}
	return text
}

func parseCron(text string) (Cron, error) {
	if len(text) > maxCronText {
		return Cron{}, fmt.Errorf("it is longer than %d characters", maxCronText)
	}
	written := strings.TrimSpace(text)
	if strings.HasPrefix(written, "@") {
		long, ok := cronNames[strings.ToLower(written)]
		if !ok {
			return Cron{}, fmt.Errorf("%s is not known: use @hourly, @daily, @weekly, @monthly or @yearly", written)
		}
		written = long
	}
	parts := strings.Fields(written)
	if len(parts) != len(cronFields) {
		return Cron{}, fmt.Errorf("it has %d fields, not 5 (minute, hour, day of the month, month, day of the week)", len(parts))
	}
	var sets [5]uint64
	for i, part := range parts {
		set, err := cronFields[i].parse(part)
		if err != nil {
			return Cron{}, fmt.Errorf("field %d (%s): %w", i+1, cronFields[i].name, err)
		}
		sets[i] = set
	}
	c := Cron{text: strings.TrimSpace(text), minutes: sets[0], hours: sets[1], days: sets[2], months: sets[3], weekly: sets[4]}
	c.weekly = (c.weekly | c.weekly>>7) & 0x7f // 7 is Sunday, too
	c.anyDay, c.anyWeekday, c.everyHour = parts[2][0] == '*', parts[4][0] == '*', parts[1] == "*"
	if _, ok := c.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.UTC); !ok {
		return Cron{}, fmt.Errorf("it never fires: no month it names has such a day")
	}
	return c, nil
}

func (f field) parse(text string) (set uint64, err error) {
	for item := range strings.SplitSeq(text, ",") {
		one, err := f.item(item)
		if err != nil {
			return 0, err
		}
		set |= one
	}
	return set, nil
}

// item reads *, 5, 1-5, */15 or 10-50/20.
func (f field) item(text string) (uint64, error) {
	span, stepText, stepped := strings.Cut(text, "/")
	from, to, err := f.span(span, stepped)
	if err != nil {
		return 0, err
	}
	step := 1
	if stepped {
		if step, err = number(stepText); err != nil || step < 1 {
			return 0, fmt.Errorf("%q: a step is a whole number from 1", text)
		}
	}
	var set uint64
	for n := from; n <= to; n += step {
		set |= 1 << n
	}
	return set, nil
}

func (f field) span(text string, stepped bool) (from, to int, err error) {
	if text == "*" {
		return f.min, f.last(), nil
	}
	first, second, ranged := strings.Cut(text, "-")
	if from, err = f.value(first); err != nil {
		return 0, 0, err
	}
	to = from
	switch {
	case ranged:
		if to, err = f.value(second); err != nil {
			return 0, 0, err
		}
	case stepped: // 5/15 begins at 5 and goes on to the end
		to = f.last()
	}
	if to < from {
		return 0, 0, fmt.Errorf("%q ends before it begins", text)
	}
	return from, to, nil
}

// last is the highest value that * means: 7 is only another word for Sunday.
func (f field) last() int {
	if f.max == 7 {
		return 6
	}
	return f.max
}

func (f field) value(text string) (int, error) {
	for i, name := range f.names {
		if strings.EqualFold(text, name) {
			return f.min + i, nil
		}
	}
	n, err := number(text)
	if err != nil || n < f.min || n > f.max {
		return 0, fmt.Errorf("%q is not a %s from %d to %d", text, f.name, f.min, f.max)
	}
	return n, nil
}

// number reads a whole number of digits alone: no sign, no spaces.
func number(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}
