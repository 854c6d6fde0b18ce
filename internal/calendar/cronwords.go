package calendar

import (
	"fmt"
	"math/bits"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/words"
)

// maxWordedTimes is how many times of a day are listed one by one.
const maxWordedTimes = 6

// Words describe in words when an expression fires: "daily at 15:30", "Mon-Fri at 9:00
// and 17:00", "every hour at :00". One without a short description is shown as written:
// "by cron 5 4 1 */2 *".
func (c Cron) Words(l words.Language) string {
	days, daily, simple := c.dayWords(l)
	times, often := c.timeWords(l)
	switch {
	case !simple || times == "":
		return l.Say("by cron %s", c.text)
	case often && daily:
		return times
	case often:
		return times + ", " + days
	default:
		return l.Say("%s at %s", days, times)
	}
}

// dayWords describe the days: daily, Mon-Fri, on the 1st, on 24 Dec. simple is false if
// both day fields are limited, or if several months are named.
func (c Cron) dayWords(l words.Language) (said string, daily, simple bool) {
	everyDay, everyWeekday, everyMonth := c.days == 0xfffffffe, c.weekly == 0x7f, c.months == 0x1ffe
	switch {
	case everyDay && everyWeekday && everyMonth:
		return l.Say("daily"), true, true
	case everyDay && c.anyDay && everyMonth:
		return weekdayWords(l, c.weekly), false, true
	case !everyWeekday || !c.anyWeekday || bits.OnesCount64(c.days) > 3:
		return "", false, false
	case everyMonth:
		var days []string
		for _, d := range members(c.days) {
			days = append(days, ordinal(l, d))
		}
		return l.Say("on the %s of each month", and(l, days)), false, true
	case bits.OnesCount64(c.months) == 1 && bits.OnesCount64(c.days) == 1:
		return l.Say("on %d %s each year", members(c.days)[0], l.Month(time.Month(members(c.months)[0]))), false, true
	}
	return "", false, false
}

// weekdayWords are days of the week from Monday on: Mon-Fri, "Sat and Sun".
func weekdayWords(l words.Language, set uint64) string {
	fromMonday := set>>1 | set&1<<6
	var spans []string
	for day := 0; day < 7; day++ {
		if fromMonday&(1<<day) == 0 {
			continue
		}
		last := day
		for last < 6 && fromMonday&(1<<(last+1)) != 0 {
			last++
		}
		switch {
		case last-day >= 2:
			spans = append(spans, l.Say("%s-%s", weekday(l, day), weekday(l, last)))
		case last > day:
			spans = append(spans, weekday(l, day), weekday(l, last))
		default:
			spans = append(spans, weekday(l, day))
		}
		day = last
	}
	return and(l, spans)
}

func weekday(l words.Language, fromMonday int) string {
	return l.Weekday(time.Weekday((fromMonday + 1) % 7))
}

// timeWords describe the times of a day; "" if there is no short description. often says
// that they are described by their interval.
func (c Cron) timeWords(l words.Language) (said string, often bool) {
	minutes, hours := members(c.minutes), members(c.hours)
	if len(hours) == 24 {
		switch step, even := stepOf(minutes, 60); {
		case len(minutes) == 60:
			return l.Say("every minute"), true
		case even && len(minutes) > 3 && minutes[0] == 0:
			return l.Say("every %d minutes", step), true
		case len(minutes) > maxWordedTimes:
			return "", false
		}
		at := make([]string, len(minutes))
		for i, m := range minutes {
			at[i] = fmt.Sprintf(":%02d", m)
		}
		return l.Say("every hour at %s", and(l, at)), true
	}
	if len(hours)*len(minutes) <= maxWordedTimes {
		var at []string
		for _, h := range hours {
			for _, m := range minutes {
				at = append(at, clock(h, m))
			}
		}
		return and(l, at), false
	}
	if len(minutes) != 1 {
		return "", false
	}
	if step, even := stepOf(hours, 24); even {
		return l.Say("every %d hours from %s", step, clock(hours[0], minutes[0])), true
	}
	if first, last := hours[0], hours[len(hours)-1]; last-first+1 == len(hours) {
		return l.Say("every hour from %s to %s", clock(first, minutes[0]), clock(last, minutes[0])), true
	}
	return "", false
}

// stepOf is the constant difference between numbers, the same from the last to the first
// of the next round. even is false if there is none, and for a single number.
func stepOf(numbers []int, round int) (step int, even bool) {
	if len(numbers) < 2 {
		return 0, false
	}
	step = numbers[1] - numbers[0]
	for i := 1; i < len(numbers); i++ {
		if numbers[i]-numbers[i-1] != step {
			return 0, false
		}
	}
	return step, step*len(numbers) == round
}

// members are the numbers of a set, the lowest first.
func members(set uint64) (numbers []int) {
	for ; set != 0; set &= set - 1 {
		numbers = append(numbers, bits.TrailingZeros64(set))
	}
	return numbers
}

func clock(hour, minute int) string { return fmt.Sprintf("%d:%02d", hour, minute) }

// ordinal is a day of the month: 1st in English, a plain number in other languages.
func ordinal(l words.Language, n int) string {
	if !l.IsEnglish() {
		return fmt.Sprint(n)
	}
	if n/10 != 1 {
		switch n % 10 {
		case 1:
			return fmt.Sprintf("%dst", n)
		case 2:
			return fmt.Sprintf("%dnd", n)
		case 3:
			return fmt.Sprintf("%drd", n)
		}
	}
	return fmt.Sprintf("%dth", n)
}

// and lists words: a, b and c.
func and(l words.Language, parts []string) string {
	if len(parts) < 2 {
		return strings.Join(parts, "")
	}
	return l.Say("%s and %s", strings.Join(parts[:len(parts)-1], ", "), parts[len(parts)-1])
}
