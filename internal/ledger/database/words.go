package database

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// MostReal is how many words of the index are looked for in place of a beginning. Of more
// of them the index itself merges the lists.
const MostReal = 16

// Sought is a word that somebody looks for, as it was written: an index may know more than
// one word in it.
type Sought struct {
	Text string
	// Begins says that its end may be the beginning of a word.
	Begins bool
	// Real are all words of the index that its end may be the beginning of; nil if that
	// is not known.
	Real []string
}

// End is the word at the end of what was written, as an index has it: without marks on
// letters, in small ones. It is "" where that depends on the index's own rules, and then
// before is the text before it.
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

// Plain is a text without marks on its letters, as "sanchez" is to find "Sánchez".
func Plain(text string) string {
	marks := runes.In(&unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x300, Hi: 0x36f, Stride: 1}}})
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(marks)), text)
	if err != nil {
		return text // it is no text: then it is in no index
	}
	return plain
}

// MayBegin tells whether a word may be the beginning of one that is found. A number, and
// what is shorter than three characters, must be there as it is: each beginning makes an
// index merge the lists of all words that begin so, which of "1" are a tenth of all requests.
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
