package terminal

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Plain is text from elsewhere, made safe for a terminal: control characters,
// which could move the cursor or rewrite what stands there, become spaces.
func Plain(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n':
			return c
		case unicode.IsControl(c), unicode.Is(unicode.Bidi_Control, c):
			return ' '
		default:
			return c
		}
	}, text)
}

// OneLine is plain text without line ends.
func OneLine(text string) string { return strings.ReplaceAll(Plain(text), "\n", " ") }

// Took writes a span as people say it.
func Took(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < 10*time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// Plural counts things, whose plural ends in s.
func Plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Size writes a number of bytes as people say it (1 kB is 1,000 bytes).
func Size(n int64) string {
	switch {
	case n >= 1e9:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d bytes", n)
}
