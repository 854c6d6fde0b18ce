// Package weburl reads pieces of a URL as browsers do, which accept more than valid URLs
// (https://url.spec.whatwg.org). It is pure.
package weburl

import "strings"

// Trim removes controls and spaces around a URL, and tabs and line ends in it.
func Trim(s string) string {
	s = strings.TrimFunc(s, func(c rune) bool { return c <= ' ' })
	if !strings.ContainsAny(s, "\t\n\r") {
		return s
	}
	return strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(s)
}

// CutScheme cuts a URL's scheme off, in lower case.
func CutScheme(s string) (scheme, rest string, ok bool) {
	for i := range len(s) {
		switch c := s[i] | 0x20; {
		case s[i] == ':':
			return strings.ToLower(s[:i]), s[i+1:], i > 0
		case c >= 'a' && c <= 'z':
		case i > 0 && (s[i] >= '0' && s[i] <= '9' || s[i] == '+' || s[i] == '-' || s[i] == '.'):
		default:
			return "", s, false
		}
	}
	return "", s, false
}

// HexByte is the byte that "%2F" at the start of s stands for.
func HexByte[S string | []byte](s S) (byte, bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, ok := hexDigit(s[1])
	low, ok2 := hexDigit(s[2])
	return high<<4 | low, ok && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
