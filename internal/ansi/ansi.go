// Package ansi reads the colours that programs write into their output (ECMA-48, 8.3.117,
// Select Graphic Rendition) as names of styles, and makes characters visible that could
// deceive a reader. It is pure and knows no HTML: its results are text and a few fixed
// names.
package ansi

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Span is a piece of a line in one style.
type Span struct {
	// Class names the style: some of Classes with a space between, "" for none.
	Class string
	Text  string
}

// colours are the names of the eight colours that may be chosen, by their numbers.
var colours = [8]string{"ansi-black", "ansi-red", "ansi-green", "ansi-yellow", "ansi-blue", "ansi-magenta", "ansi-cyan", "ansi-white"}

// The other styles. Backgrounds, blinking and hidden text are left out: a log is read.
const (
	bold      = "ansi-bold"
	faint     = "ansi-faint"
	italic    = "ansi-italic"
	underline = "ansi-underline"
)

// Classes lists all names of styles.
func Classes() []string { return append(colours[:], bold, faint, italic, underline) }

// Style is the style in force. It carries over from line to line; the zero Style is plain.
type Style struct {
	colour                          int // one more than its number; 0 is the default
	bold, faint, italic, underlined bool
}

func (s Style) class() string {
	var names []string
	if s.colour > 0 {
		names = append(names, colours[s.colour-1])
	}
	for _, one := range []struct {
		on   bool
		name string
	}{{s.bold, bold}, {s.faint, faint}, {s.italic, italic}, {s.underlined, underline}} {
		if one.on {
			names = append(names, one.name)
		}
	}
	return strings.Join(names, " ")
}

// Line reads a line without its end. What a program wrote over itself with carriage
// returns is left out, as a terminal would show it; so are movements of the cursor,
// titles and links. All other control characters are shown as Visible shows them.
func (s *Style) Line(line string) []Span {
	line = strings.TrimRight(line, "\r\n")
	last := strings.LastIndexByte(line, '\r') + 1
	s.skip(line[:last])
	var out []Span
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, Span{Class: s.class(), Text: Visible(text.String())})
			text.Reset()
		}
	}
	for line = line[last:]; line != ""; {
		n, params, ok := sequence(line)
		if n == 0 {
			text.WriteByte(line[0])
			line = line[1:]
			continue
		}
		if ok {
			flush()
			s.set(params)
		}
		line = line[n:]
	}
	flush()
	return out
}

// skip applies the colours in text that is not shown.
func (s *Style) skip(text string) {
	for text != "" {
		n, params, ok := sequence(text)
		if ok {
			s.set(params)
		}
		text = text[max(1, n):]
	}
}

// sequence is the length of the control sequence at the beginning of a text, 0 for
// none; colours says that it chooses a style, with these parameters.
func sequence(text string) (n int, params string, colours bool) {
	if len(text) < 2 || text[0] != 0x1b {
		return 0, "", false
	}
	switch text[1] {
	case '[':
		end := 2
		for end < len(text) && text[end] >= 0x20 && text[end] <= 0x3f {
			end++
		}
		if end == len(text) || text[end] < 0x40 || text[end] > 0x7e {
			return 0, "", false
		}
		return end + 1, text[2:end], text[end] == 'm'
	case ']', 'P', 'X', '^', '_': // up to BEL or ESC \
		if end := strings.IndexAny(text[2:], "\x07\x1b"); end >= 0 {
			end += 2
			if text[end] == 0x07 {
				return end + 1, "", false
			}
			if strings.HasPrefix(text[end:], "\x1b\\") {
				return end + 2, "", false
			}
		}
	}
	return 0, "", false
}

// set takes the parameters of a sequence that chooses a style.
func (s *Style) set(params string) {
	codes := strings.FieldsFunc(params, func(r rune) bool { return r == ';' || r == ':' })
	if len(codes) == 0 {
		*s = Style{}
		return
	}
	for len(codes) > 0 {
		code, err := strconv.Atoi(codes[0])
		codes = codes[1:]
		if err != nil {
			return
		}
		switch {
		case code == 38 || code == 48: // a colour of 256 or of all: the first sixteen are known here
			codes = s.setExtended(codes, code == 38)
		case code >= 30 && code <= 37:
			s.colour = code - 29
		case code >= 90 && code <= 97:
			s.colour = code - 89
		default:
			s.setOne(code)
		}
	}
}

func (s *Style) setExtended(codes []string, text bool) []string {
	switch {
	case len(codes) >= 2 && codes[0] == "5":
		if n, err := strconv.Atoi(codes[1]); text && err == nil {
			s.colour = 0
			if n >= 0 && n < 16 {
				s.colour = n%8 + 1
			}
		}
		return codes[2:]
	case len(codes) >= 4 && codes[0] == "2":
		if text {
			s.colour = 0
		}
		return codes[4:]
	}
	return nil
}

func (s *Style) setOne(code int) {
	switch code {
	case 0:
		*s = Style{}
	case 1:
		s.bold = true
	case 2:
		s.faint = true
	case 3:
		s.italic = true
	case 4:
		s.underlined = true
	case 22:
		s.bold, s.faint = false, false
	case 23:
		s.italic = false
	case 24:
		s.underlined = false
	case 39:
		s.colour = 0
	}
}

// Visible replaces characters that are invisible and change how others look by their
// names: control characters but the tab and the line's end, overrides and isolates of the
// direction of writing (Unicode UAX #9; CVE-2021-42574), tags, and bytes that are no
// UTF-8.
func Visible(text string) string {
	if !strings.ContainsFunc(text, hidden) && utf8.ValidString(text) {
		return text
	}
	var out strings.Builder
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		switch {
		case r == utf8.RuneError && size == 1, hidden(r) && r < 0x80:
			fmt.Fprintf(&out, `\x%02x`, text[0])
		case hidden(r):
			fmt.Fprintf(&out, `\u{%04x}`, r)
		default:
			out.WriteString(text[:size])
		}
		text = text[size:]
	}
	return out.String()
}

// hidden says whether a character is to be shown by its name. Joiners, which languages
// need, are not.
func hidden(r rune) bool {
	switch r {
	case '\n', '\t', '\u200c', '\u200d', '\u00ad':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}
