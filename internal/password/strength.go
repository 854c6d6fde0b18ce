package password

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of a password. NIST SP 800-63B-4, 3.1.1.2, wants 15 characters of
// one that nothing else stands beside, and no rules on what they are.
const (
	Least = 15   // characters
	Most  = 1024 // bytes
)

// leastOwn is how many characters of a password must be left once common words
// and runs are taken out of it.
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
		return errors.New("the password is made of what is guessed first: common words, the name, repetitions, runs such as 1234; expected one that is not, such as four or five words by chance")
	}
	return nil
}

// ofOwn counts the different characters that are left of a password without what
// everybody guesses.
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

// different counts the letters and other signs that follow no run: neither the
// same one again, nor the next in the alphabet or among the digits.
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
