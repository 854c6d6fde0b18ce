package content

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// scanner splits valid JSON at its first level: encoding/json looks at each byte four times to
// do so, and lists of a CMS are mostly long texts, which can be skipped. Its results are
// part of the text, and must not be changed.
type scanner struct {
	text []byte
	at   int
}

// members are the members of an object; false if the text is no object.
func (s *scanner) members() (Object, bool) {
	if !s.opens('{') {
		return nil, false
	}
	o := Object{}
	for s.next('}') {
		name := s.value()
		s.space()
		s.at++ // the colon
		o[unquoted(name)] = s.value()
	}
	return o, true
}

// items are the elements of an array; false if the text is no array.
func (s *scanner) items() ([]json.RawMessage, bool) {
	if !s.opens('[') {
		return nil, false
	}
	list := []json.RawMessage{}
	for s.next(']') {
		list = append(list, s.value())
	}
	return list, true
}

func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

func (s *scanner) opens(bracket byte) bool {
	s.space()
	if s.at >= len(s.text) || s.text[s.at] != bracket {
		return false
	}
	s.at++
	return true
}

// next goes to the next value, past a comma; false at the closing bracket.
func (s *scanner) next(bracket byte) bool {
	for s.at < len(s.text) {
		s.space()
		switch s.text[s.at] {
		case bracket:
			s.at++
			return false
		case ',':
			s.at++
		default:
			return true
		}
	}
	return false
}

// value is the value that begins here, or behind white space.
func (s *scanner) value() json.RawMessage {
	s.space()
	from, depth := s.at, 0
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case '"':
			s.skipString()
		case '{', '[':
			depth++
			s.at++
		case '}', ']':
			depth--
			s.at++
		default: // a number, a word, or text between values
			s.at++
			if depth == 0 {
				for s.at < len(s.text) && strings.IndexByte(",]} \t\r\n", s.text[s.at]) < 0 {
					s.at++
				}
			}
		}
		if depth <= 0 {
			break
		}
	}
	return s.text[from:s.at:s.at]
}

// skipString goes past the string that begins here.
func (s *scanner) skipString() {
	for s.at++; s.at < len(s.text); s.at++ {
		end := bytes.IndexByte(s.text[s.at:], '"')
		if end < 0 {
			s.at = len(s.text)
			return
		}
		if escape := bytes.IndexByte(s.text[s.at:s.at+end], '\\'); escape >= 0 {
			s.at += escape + 1 // and the escaped character, which may be a quotation mark
			continue
		}
		s.at += end + 1
		return
	}
}

// unquoted is the text of a string.
func unquoted(raw json.RawMessage) string {
	if len(raw) >= 2 && bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var name string
	_ = json.Unmarshal(raw, &name) // it is a string of valid JSON
	return name
}
