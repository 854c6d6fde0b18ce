package database

import "unicode"

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
