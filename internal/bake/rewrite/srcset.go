package rewrite

import "strings"

// asciiSpace is ASCII whitespace (Infra standard, section 4.6).
const asciiSpace = " \t\n\f\r"

// span is a part of a text.
type span struct{ from, to int }

// srcset gives the places of the addresses in a srcset attribute (HTML standard,
// section 4.8.4.2.2, "parse a srcset attribute"): an address runs to white space, and
// commas within it are its own.
func srcset(s string) []span {
	var out []span
	for i := 0; ; {
		for i < len(s) && strings.IndexByte(asciiSpace+",", s[i]) >= 0 {
			i++
		}
		if i == len(s) {
			return out
		}
		from := i
		for i < len(s) && strings.IndexByte(asciiSpace, s[i]) < 0 {
			i++
		}
		to := i
		for to > from && s[to-1] == ',' {
			to--
		}
		out = append(out, span{from, to})
		if to < i {
			continue // the comma ends the candidate
		}
		for depth := 0; i < len(s) && (s[i] != ',' || depth > 0); i++ {
			switch s[i] {
			case '(':
				depth = 1 // one closes all
			case ')':
				depth = 0
			}
		}
	}
}

// fields are the places of the parts between white space.
func fields(s string) []span {
	var out []span
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(asciiSpace, s[i]) >= 0 {
			continue
		}
		from := i
		for i < len(s) && strings.IndexByte(asciiSpace, s[i]) < 0 {
			i++
		}
		out = append(out, span{from, i})
	}
	return out
}

// spliced changes parts of a text; false where it changes none.
func spliced(s string, parts []span, use Use, base string, change Change) (string, bool) {
	sp := splicer{text: []byte(s)}
	for _, p := range parts {
		if with, ok := change(Reference{Target: s[p.from:p.to], Use: use, Base: base}); ok {
			sp.replace(p.from, p.to, with)
		}
	}
	if sp.out == nil {
		return "", false
	}
	return string(sp.bytes()), true
}

// refresh is where the address of a refresh stands (HTML standard, "shared declarative
// refresh steps").
func refresh(content string) (span, bool) {
	i := skip(content, 0, asciiSpace)
	time := skip(content, i, "0123456789.")
	if time == i {
		return span{}, false
	}
	i = skip(content, skip(content, skip(content, time, asciiSpace), ";,"), asciiSpace)
	if i == time {
		return span{}, false
	}
	if rest := content[i:]; len(rest) > 3 && strings.EqualFold(rest[:3], "url") {
		if eq := skip(content, i+3, asciiSpace); eq < len(content) && content[eq] == '=' {
			i = skip(content, eq+1, asciiSpace)
		}
	}
	to := len(content)
	if i < len(content) && (content[i] == '"' || content[i] == '\'') {
		quote := content[i]
		i++
		if end := strings.IndexByte(content[i:], quote); end >= 0 {
			to = i + end
		}
	}
	return span{i, to}, i < to
}

func skip(s string, i int, what string) int {
	for i < len(s) && strings.IndexByte(what, s[i]) >= 0 {
		i++
	}
	return i
}
