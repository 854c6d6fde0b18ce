package password

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a password. NIST SP 800-63B-4, 3.1.1.2, wants 15 characters for a
// password that is the only factor, and no rules on which characters.
const (
	Least = 15   // characters
	Most  = 1024 // bytes
)

// leastOwn is how many different characters of a password must be left once common words
// and runs are taken out.
const leastOwn = 6

// Check says why a password must not be used, nil if it may. The name is that of
// its owner.
func Check(password, name string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("the password has characters that no keyboard types")
	case n < Least:
		return fmt.Errorf("the password has %d characters; expected %d or more, such as four or five words by chance", n, Least)
	case len(password) > Most:
		return fmt.Errorf("the password is too long; expected %d bytes at most", Most)
	}
	if own := ofOwn(password, name); own < leastOwn {
		return errors.New("the password is guessed first: it is made of common words, the name, repetitions or runs such as 1234; expected another, such as four or five words by chance")
	}
	return nil
}

// ofOwn counts the different characters that are left of a password without its owner's
// name and common words.
func ofOwn(password, name string) int {
	left := strings.ToLower(password)
	left = strings.NewReplacer("0", "o", "1", "l", "3", "e", "4", "a", "5", "s", "@", "a", "$", "s").Replace(left)
	plain := strings.ToLower(password)
	for _, word := range append(CommonWords(), strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) })...) {
		if utf8.RuneCountInString(word) < 3 {
			continue
		}
		left = strings.ReplaceAll(left, word, " ")
		plain = strings.ReplaceAll(plain, word, " ")
	}
	return min(different(left), different(plain))
}

// different counts the different characters that continue no run: neither a repetition,
// nor the next letter or digit.
func different(s string) int {
	seen := map[rune]bool{}
	last := rune(-1)
	for _, r := range s {
		step := r - last
		if r != ' ' && (step > 1 || step < -1) {
			seen[r] = true
		}
		last = r
	}
	return len(seen)
}
