package text

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// thousandsSeparator is the narrow no-break space: a comma or a full stop is a
// decimal sign to half of the world (ISO 80000-1, 7.3.1).
const thousandsSeparator = '\u202f'

// Number writes a whole number, with its thousands separated: "1 234 567".
func Number[N ~int | ~int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteRune(thousandsSeparator)
		}
		b.WriteRune(d)
	}
	return b.String()
}

// Count writes a number with a noun whose plural ends in s: "1 page", "2 pages".
func Count[N ~int | ~int64](n N, one string) string { return Plural(n, one, one+"s") }

// Plural writes a number with its noun: "1 entry", "2 entries".
func Plural[N ~int | ~int64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Bytes writes a size in decimal units (1 kB is 1,000 bytes), as browsers and
// the bills of storage do: "999 bytes", "1.0 kB", "25.3 MB", "250 GB".
func Bytes[N ~int | ~int64](n N) string {
	if n < 1000 {
		return Count(n, "byte")
	}
	size, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB", "PB"} {
		size /= 1000
		if size < 999.5 {
			break
		}
	}
	if size < 99.95 {
		return fmt.Sprintf("%.1f %s", size, unit)
	}
	return Number(int64(math.Round(size))) + " " + unit
}

// Dollars writes a price in US dollars: a small one not as zero, a large one to the cent.
func Dollars(n float64) string {
	switch {
	case n > 0 && n < 0.0001:
		return "less than $0.0001"
	case n < 1:
		return fmt.Sprintf("$%.4f", n)
	}
	return fmt.Sprintf("$%.2f", n)
}

// Span writes a span of time in whole seconds, in its two largest units:
// "42 s", "3 min 20 s", "2 d 3 h". One below zero is "0 s".
func Span(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	days, hours := int(d/(24*time.Hour)), int(d/time.Hour)%24
	minutes, seconds := int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case days > 0:
		return twoUnits(days, "d", hours, "h")
	case hours > 0:
		return twoUnits(hours, "h", minutes, "min")
	case minutes > 0:
		return twoUnits(minutes, "min", seconds, "s")
	}
	return fmt.Sprintf("%d s", seconds)
}

func twoUnits(a int, unitA string, b int, unitB string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unitA)
	}
	return fmt.Sprintf("%d %s %d %s", a, unitA, b, unitB)
}

// Took writes how long something took, short times more exactly: "350 ms", "2.3 s", "3 min 20 s".
func Took(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 s"
	case d < 999500*time.Microsecond:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return Span(d)
}
