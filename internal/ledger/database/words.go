package database

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// MaxCompletions is the most words of the index that a query names in place of their common
// beginning. If there are more, the query asks the index for the beginning.
const MaxCompletions = 16

// Sought is a word of a search as its user wrote it. An index may split it into several words.
type Sought struct {
	Text string
	// Begins says that its last word may be the beginning of a longer one.
	Begins bool
	// Completions are all words of the index that begin with its last word; nil if they
	// are not known.
	Completions []string
}

// End is the last word of the text as an index has it, in lower case and without marks on
// letters, and the text before it. Both are "" for text outside ASCII, whose words depend
// on the index's own rules.
func (s Sought) End() (before, end string) {
	text := strings.ToLower(Plain(s.Text))
	if strings.IndexFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		return "", ""
	}
	text = strings.TrimRightFunc(text, func(r rune) bool { return !ofWord(r) })
	before = strings.TrimRightFunc(text, ofWord)
	return before, text[len(before):]
}

func ofWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// Plain removes the marks on a text's letters, so that "sanchez" finds "Sánchez".
func Plain(text string) string {
	marks := runes.In(&unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x300, Hi: 0x36f, Stride: 1}}})
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(marks)), text)
	if err != nil {
		return text // not valid UTF-8: no index has it
	}
	return plain
}

// MayBegin says whether a word of a search also finds longer words. Numbers, and words of
// fewer than three characters, must match whole: for a beginning an index merges the lists of
// all words that begin so, and those of "1" hold a tenth of all requests.
func MayBegin(word string) bool {
	letters := 0
	number := true
	for _, r := range word {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			letters++
			number = number && unicode.IsDigit(r)
		}
	}
	return letters >= 3 && !number
}
