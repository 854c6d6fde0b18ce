package text

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// escapes are the control sequences of terminals: CSI (colours, cursor), OSC and
// the like (titles, links) up to their end on the same line, and the short ones
// (ECMA-48, 5.3 to 5.6). U+009B is CSI as one character.
var escapes = regexp.MustCompile("(?:\x1b\\[|\u009b)[0-?]*[ -/]*[@-~]|\x1b[\\]PX^_][^\x07\x1b\r\n]*(?:\x07|\x1b\\\\)|\x1b[ -/]*[0-~]")

// maxAccents is how many combining marks a character may carry. Languages need
// up to four; more of them paint over the lines above and below.
const maxAccents = 4

// Plain makes text from elsewhere safe for a log, a terminal or a page, with its
// lines kept:
//   - control sequences of terminals go, and every line end becomes \n;
//   - of the other control characters only the tab stays, the rest become spaces;
//   - invisible characters that change how others show go, such as overrides of
//     the direction of writing (Unicode UAX #9; CVE-2021-42574);
//   - bytes that are no UTF-8 become U+FFFD.
//
// What languages need stays: joiners, plain marks of direction, accents. Plain
// escapes nothing: HTML and Markdown have their own escaping.
func Plain(text string) string {
	if isPlain(text) {
		return text
	}
	text = escapes.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	return string(appendVisible(make([]byte, 0, len(text)), []byte(text)))
}

// Markup makes a whole document of HTML or XML plain, in place of every text in
// it. It takes escape characters out one by one: the end of a sequence could lie
// behind the tag that ends the text.
func Markup(document []byte) []byte {
	return appendVisible(make([]byte, 0, len(document)), document)
}

// OneLine is Plain text on one line: each run of white space is one space, and
// there is none at the ends.
func OneLine(text string) string {
	return strings.Join(strings.Fields(Plain(text)), " ")
}

// isPlain says whether text is printable ASCII, as most is: it needs no further work.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; (c < ' ' && c != '\n' && c != '\t') || c >= 0x7f {
			return false
		}
	}
	return true
}

func appendVisible(out, text []byte) []byte {
	accents := 0
	for len(text) > 0 {
		if c := text[0]; c >= ' ' && c < 0x7f { // most is
			out, text, accents = append(out, c), text[1:], 0
			continue
		}
		r, size := utf8.DecodeRune(text)
		text = text[size:]
		switch {
		case r == '\n' || r == '\t':
			out, accents = append(out, byte(r)), 0
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			out, accents = append(out, ' '), 0
		case deceives(r):
		case unicode.Is(unicode.Mn, r):
			if accents++; accents <= maxAccents {
				out = utf8.AppendRune(out, r)
			}
		default:
			out, accents = utf8.AppendRune(out, r), 0
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
