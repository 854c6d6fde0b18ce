package links

import (
	"strconv"
	"strings"
)

// asciiSpace is ASCII whitespace (Infra standard, section 4.6).
const asciiSpace = " \t\n\f\r"

// fields are the parts of an attribute between whitespace.
func fields(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(asciiSpace, c) })
}

// srcset are the addresses of a srcset attribute (HTML standard, section 4.8.4.2.2, "parse a
// srcset attribute"). Commas may be part of an address; a space in one makes it invalid.
func srcset(s string) []string {
	var out []string
	for {
		s = strings.TrimLeft(s, asciiSpace+",")
		if s == "" {
			return out
		}
		end := strings.IndexAny(s, asciiSpace)
		if end < 0 {
			end = len(s)
		}
		address := s[:end]
		s = s[end:]
		if plain := strings.TrimRight(address, ","); plain != address {
			out = append(out, plain)
			continue
		}
		var descriptors []string
		if descriptors, s = splitDescriptors(s); valid(descriptors) {
			out = append(out, address)
		}
	}
}

// splitDescriptors returns the descriptors of an address, up to the next comma that is not
// in parentheses.
func splitDescriptors(s string) (descriptors []string, rest string) {
	depth, end := 0, len(s)
	for i := 0; i < end; i++ {
		switch {
		case s[i] == '(':
			depth = 1 // one closes all
		case s[i] == ')':
			depth = 0
		case s[i] == ',' && depth == 0:
			end = i
		}
	}
	return fields(s[:end]), s[end:]
}

// valid says whether descriptors are a width (with a height), or a density. Browsers ignore
// an address with others.
func valid(descriptors []string) bool {
	var width, height, density bool
	for _, d := range descriptors {
		number := d[:len(d)-1]
		switch d[len(d)-1] {
		case 'w':
			if width || density || !positive(number) {
				return false
			}
			width = true
		case 'h':
			if height || density || !positive(number) {
				return false
			}
			height = true
		case 'x':
			if n, err := strconv.ParseFloat(number, 64); density || width || height || err != nil || n < 0 {
				return false
			}
			density = true
		default:
			return false
		}
	}
	return !height || width
}

func positive(number string) bool {
	n, err := strconv.ParseUint(number, 10, 63)
	return err == nil && n > 0
}
