package links

import "bytes"

// Walker goes through the markup of a page tag by tag, and knows where each stands, for
// who changes addresses in place.
type Walker struct {
	page   []byte
	z      tokenizer
	scopes scopes
	text   string
	stop   int
}

// Attribute is one of a start tag. Its Value is part of the page, as it is written:
// see Unescape.
type Attribute struct {
	Name  string // in lower case
	Value []byte
	// At is where the value stands in the page, in bytes.
	At int
}

// Walk begins to go through a page in an encoding that has the characters of ASCII
// where the markup is.
func Walk(page []byte) *Walker {
	page = page[:len(page):len(page)]
	return &Walker{page: page, z: tokenizer{rest: page}}
}

// Next goes on to the next tag, and says whether there is one.
func (w *Walker) Next() bool {
	if !w.z.next() {
		return false
	}
	w.text, w.stop = "", len(w.page)-len(w.z.rest)
	name := string(w.z.tag.name)
	switch {
	case !w.z.tag.end:
		_, of := w.scopes.open(name, w.z.tag.selfClosing, w.z.tag.value)
		if of == inHTML && rawText[name] {
			w.text = name
			w.z.skipText(name)
		}
	case w.scopes.any():
		w.scopes.close(name)
	}
	w.z.cdata = w.scopes.foreign()
	return true
}

// Tag is the name of the tag in lower case, and whether it is an end tag.
func (w *Walker) Tag() (name string, end bool) { return string(w.z.tag.name), w.z.tag.end }

// Text is the name of the element where what follows the tag is its text alone, as in a
// script; "" where markup follows.
func (w *Walker) Text() string { return w.text }

// Place is where the tag begins and ends in the page, in bytes.
func (w *Walker) Place() (start, stop int) { return len(w.page) - w.z.left, w.stop }

// Attributes are those of a start tag, in their order. Of two of one name the first
// counts, and the second is left out.
func (w *Walker) Attributes() []Attribute {
	var out []Attribute
	for i, a := range w.z.tag.attributes {
		if w.z.tag.first(a.name) != i || len(a.value) == 0 {
			continue
		}
		name := make([]byte, len(a.name))
		for i, c := range a.name {
			name[i] = lower(c)
		}
		out = append(out, Attribute{string(name), a.value, len(w.page) - cap(a.value)})
	}
	return out
}

// Value is an attribute's of the tag, with its character references resolved.
func (w *Walker) Value(name string) string { return w.z.tag.value(name) }

// first is where the first attribute of a name stands among a tag's.
func (t *tag) first(name []byte) int {
	for i, a := range t.attributes {
		if bytes.EqualFold(a.name, name) {
			return i
		}
	}
	return -1
}

// Unescape resolves the character references of an attribute's value.
func Unescape(value []byte) string { return unescaped(value) }
