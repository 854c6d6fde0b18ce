package links

import "bytes"

// Walker reads the markup of a page tag by tag, with the place of each tag, so that a caller
// can change addresses in place.
type Walker struct {
	page   []byte
	z      tokenizer
	scopes scopes
	text   string
	stop   int
}

// Attribute is an attribute of a start tag. Its Value is as it is written: see Unescape.
type Attribute struct {
	Name  string // in lower case
	Value []byte
	// At is the offset of the value in the page, in bytes.
	At int
}

// Walk begins to read a page, whose markup must be in ASCII.
func Walk(page []byte) *Walker {
	page = page[:len(page):len(page)]
	return &Walker{page: page, z: tokenizer{rest: page}}
}

// Next reads the next tag; false at the end of the page.
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

// Text is the name of the element if text without tags follows, as in a script; "" if markup
// follows.
func (w *Walker) Text() string { return w.text }

// Place has the offsets of the start and end of the tag in the page, in bytes.
func (w *Walker) Place() (start, stop int) { return len(w.page) - w.z.left, w.stop }

// Attributes are the attributes of a start tag that have a value, in their order. Of several
// attributes of one name it has the first.
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

// Value is the value of an attribute of the tag, with its character references resolved.
func (w *Walker) Value(name string) string { return w.z.tag.value(name) }

// first is the place of the first attribute of a name among the tag's attributes.
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
