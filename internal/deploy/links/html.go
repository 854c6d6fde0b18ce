package links

import (
	"bytes"
	"unicode/utf16"
)

// use is the way in which a page uses an address.
type use uint8

// The uses of an address.
const (
	navigation  use = iota // visitors go there: a, area, meta refresh
	subresource            // the browser loads it for the page: styles, scripts, images, frames
	// mention is any other use: forms, which only a program can answer, feeds, pings and
	// citations. Such an address is dead only if a file was there before.
	mention
)

// reference is an address in a page, with its character references resolved.
type reference struct {
	target string
	use    use
}

// pageReferences has the references of a page.
type pageReferences struct {
	baseHref   string // the href of its first <base>; "" for none
	references []reference
	early      int // how many of the references come before the base
}

// base is the base of a reference. A browser loads a resource without the <base> if that
// comes after it (HTML standard, section 4.2.3).
func (p *pageReferences) base(i int) string {
	if i < p.early && p.references[i].use == subresource {
		return ""
	}
	return p.baseHref
}

// readPage finds the addresses in a page, by the rules of the HTML standard
// (https://html.spec.whatwg.org/multipage/parsing.html#tokenization): none in scripts,
// styles, comments, text and templates. It reads <noscript> for readers without scripts.
func readPage(page []byte) pageReferences {
	var r reader
	r.read(inUTF8(page), 0)
	return r.page
}

// inUTF8 converts a page in UTF-16 to UTF-8. In any other encoding, markup is in ASCII.
func inUTF8(page []byte) []byte {
	little := bytes.HasPrefix(page, []byte("\xff\xfe"))
	if !little && !bytes.HasPrefix(page, []byte("\xfe\xff")) {
		return page
	}
	units := make([]uint16, 0, len(page)/2)
	for i := 2; i+1 < len(page); i += 2 {
		first, second := uint16(page[i]), uint16(page[i+1])
		if little {
			first, second = second, first
		}
		units = append(units, first<<8|second)
	}
	return []byte(string(utf16.Decode(units)))
}

// reader reads one page.
type reader struct {
	page   pageReferences
	based  bool
	scopes scopes
	*tag   // the present one
}

// read reads markup; depth is the number of srcdoc attributes around it.
func (r *reader) read(markup []byte, depth int) {
	z := tokenizer{rest: markup}
	r.tag = &z.tag
	for z.next() {
		switch {
		case !r.end:
			r.start(&z, depth)
		case r.scopes.any():
			r.scopes.close(string(r.name))
		}
		z.cdata = r.scopes.foreign()
	}
}

// start reads a start tag, and skips the text of an element without tags.
func (r *reader) start(z *tokenizer, depth int) {
	of, live := inHTML, false
	if readElements[string(r.name)] || r.scopes.foreign() {
		name := string(r.name)
		if live, of = r.scopes.open(name, r.selfClosing, r.value); live {
			r.element(name, of, depth)
		}
	}
	if of == inHTML && rawText[string(r.name)] {
		z.skipText(string(r.name))
	}
}

// rawText are the elements of HTML that have no tags in them; <noscript> has for readers
// without scripts.
var rawText = set("iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp")

// addOf adds the address in an attribute of the tag. An empty address leads to <base>, and
// loads nothing.
func (r *reader) addOf(name string, use use) {
	if target := r.value(name); target != "" || use == navigation && r.has(name) {
		r.page.references = append(r.page.references, reference{target, use})
	}
}

func (r *reader) add(target string, use use) {
	if target != "" {
		r.page.references = append(r.page.references, reference{target, use})
	}
}

func (r *reader) addAll(targets []string, use use) {
	for _, t := range targets {
		r.add(t, use)
	}
}
