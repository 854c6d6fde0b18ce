package app

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// harmless takes out of a whole page what could make text lie: control
// characters, and those that turn the direction of writing, with which a title
// can show as another. It works on the page as it leaves, so that no text is
// forgotten; html/template has escaped the rest. What languages need stays:
// marks of direction, joiners, up to four accents on a letter.
func harmless(page []byte) []byte {
	out := make([]byte, 0, len(page))
	accents := 0
	for len(page) > 0 {
		r, size := utf8.DecodeRune(page)
		page = page[size:]
		if unicode.Is(unicode.Mn, r) {
			accents++
		} else {
			accents = 0
		}
		switch {
		case r == '\n' || r == '\t':
			out = append(out, byte(r))
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			out = append(out, ' ')
		case deceives(r) || accents > 4:
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return out
}

// deceives says whether a character changes how others show without showing
// itself: embeddings, overrides and isolates (UAX #9), tags, and the like.
func deceives(r rune) bool {
	switch r {
	case '\u200c', '\u200d', '\u200e', '\u200f', '\u061c', '\u00ad':
		return false // joiners, plain marks of direction, the soft hyphen
	}
	return unicode.Is(unicode.Cf, r)
}

// short cuts a text for a list; the page of the thing itself has all of it.
func short(limit int, text string) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return strings.TrimRightFunc(string(runes[:limit-1]), unicode.IsSpace) + "…"
}

// capital begins a text with a capital letter.
func capital(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return text
	}
	return string(unicode.ToUpper(r)) + text[size:]
}

// sentence makes one of an error's words.
func sentence(text string) string {
	return capital(stopped(text))
}

// stopped ends a text with a full stop.
func stopped(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}

func plural(n int64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return numberWords(n) + " " + many
}

// numberWords writes a count with thin spaces between the thousands.
func numberWords(n int64) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteRune('\u202f')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// bytesWords writes a size in decimal units, as browsers do.
func bytesWords(n int64) string {
	if n < 1000 {
		return plural(n, "byte", "bytes")
	}
	size, unit := float64(n), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		size /= 1000
		if size < 999.5 {
			break
		}
	}
	if size < 9.95 {
		return fmt.Sprintf("%.1f %s", size, unit)
	}
	return fmt.Sprintf("%.0f %s", size, unit)
}

// spanWords writes a span of time as people say it, in its two largest units.
func spanWords(d time.Duration) string {
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
	default:
		return fmt.Sprintf("%d s", seconds)
	}
}

// tookSpan is a span that is over: of short ones the tenths matter.
func tookSpan(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", max(d, 0).Seconds())
	}
	return spanWords(d)
}

func twoUnits(a int, unitA string, b int, unitB string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unitA)
	}
	return fmt.Sprintf("%d %s %d %s", a, unitA, b, unitB)
}

// clockface tells time to people of one zone.
type clockface struct {
	now  time.Time
	zone *time.Location
}

// moment is an instant for a page: Attr for programs, Text for people.
type moment struct{ Attr, Text string }

// at is nil for no time.
func (c clockface) at(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return &moment{Attr: t.In(c.zone).Format(time.RFC3339), Text: clock(t, c.now, c.zone)}
}

// since is a span that goes on: Attr is when it began.
func (c clockface) since(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return &moment{Attr: t.UTC().Format(time.RFC3339Nano), Text: spanWords(c.now.Sub(t))}
}

// zoneName is the zone's name for people: some zones have only a number.
func zoneName(t time.Time) string {
	name, _ := t.Zone()
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + name
	}
	return name
}
