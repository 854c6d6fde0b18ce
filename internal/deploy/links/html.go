package links

import (
	"bytes"
	"unicode/utf16"
)

// Use is what a page does with an address that it names.
type Use uint8

// The uses of an address.
const (
	Leads Use = iota // visitors are led there: a, area, meta refresh
	Loads            // the browser loads it for the page: styles, scripts, images, frames
	// Names is all else: forms send something there, which only a program can answer;
	// feeds, pings and citations say something about the page. Such an address is
	// missed only when a file was there before.
	Names
)

// Reference is an address as a page has it, its character references resolved.
type Reference struct {
	Target string
	Use    Use
}

// Page is what a page says of addresses.
type Page struct {
	Base       string // the href of its first <base>; "" for none
	References []Reference
	early      int // how many of the references come before the base
}

// base is the one by which a reference counts. What is loaded before the browser
// comes to <base> is loaded without it (HTML standard, section 4.2.3).
func (p *Page) base(i int) string {
	if i < p.early && p.References[i].Use == Loads {
		return ""
	}
	return p.Base
}

// Read finds the addresses that a page names, by the rules of the HTML standard
// (https://html.spec.whatwg.org/multipage/parsing.html#tokenization): what stands in
// scripts, styles, comments, text and templates is none. Content of <noscript> counts,
// as readers without scripts get it.
func Read(page []byte) Page {
	var r reader
	r.read(inUTF8(page), 0)
	return r.page
}

// inUTF8 gives a page of UTF-16 as UTF-8; any other encoding has the characters of
// ASCII where the markup is.
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

// reader is one page being read.
type reader struct {
	page   Page
	based  bool
	scopes scopes
	*tag   // the one that is being read
}

// read reads markup; depth is how many srcdoc attributes it stands in.
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

// start takes note of a start tag, and skips the text of an element that has no tags in
// it. Most tags are none of those that matter.
func (r *reader) start(z *tokenizer, depth int) {
	of, live := inHTML, false
	if telling[string(r.name)] || r.scopes.foreign() {
		name := string(r.name)
		if live, of = r.scopes.open(name, r.selfClosing, r.value); live {
			r.element(name, of, depth)
		}
	}
	if of == inHTML && rawText[string(r.name)] {
		z.skipText(string(r.name))
	}
}

// rawText are the elements of HTML that have no tags in them. Among them is not
// <noscript>, as it is read for readers without scripts.
var rawText = set("iframe", "noembed", "noframes", "plaintext", "script", "style", "textarea", "title", "xmp")

// addOf adds the address that an attribute of the tag holds. An empty one leads to
// <base>, and nothing is loaded from there.
func (r *reader) addOf(name string, use Use) {
	if target := r.value(name); target != "" || use == Leads && r.has(name) {
		r.page.References = append(r.page.References, Reference{target, use})
	}
}

func (r *reader) add(target string, use Use) {
	if target != "" {
		r.page.References = append(r.page.References, Reference{target, use})
	}
}

func (r *reader) addAll(targets []string, use Use) {
	for _, t := range targets {
		r.add(t, use)
	}
}
