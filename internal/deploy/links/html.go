package links

import (
	"bytes"
	"unicode/utf16"

	"golang.org/x/net/html"
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
	attrs  []attribute
}

type attribute struct{ name, value []byte }

// longTag is from how many bytes on the tokenizer is a new one after a tag: one keeps
// room for all attributes of the longest tag that it saw, and clears that much for
// each tag after it.
const longTag = 1024

// read reads markup; depth is how many srcdoc attributes it stands in.
func (r *reader) read(markup []byte, depth int) {
	z, at := html.NewTokenizer(bytes.NewReader(markup)), 0
	for {
		kind := z.Next()
		size := len(z.Raw())
		at += size
		switch kind {
		case html.ErrorToken:
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name := r.tag(z)
			live, of := r.scopes.open(name, kind == html.SelfClosingTagToken, r.get)
			if size > longTag {
				z = html.NewTokenizerFragment(bytes.NewReader(markup[at:]), name)
			}
			if of != inHTML || name == "noscript" {
				z.NextIsNotRawText()
			}
			if live {
				r.element(name, of, depth)
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			r.scopes.close(string(name))
		case html.TextToken, html.CommentToken, html.DoctypeToken: // names nothing
		}
		z.AllowCDATA(r.scopes.foreign())
	}
}

// tag is the name of a tag; its attributes are noted where any may matter.
func (r *reader) tag(z *html.Tokenizer) string {
	tag, more := z.TagName()
	name := string(tag)
	r.attrs = r.attrs[:0]
	if !r.scopes.foreign() && !telling[name] {
		return name
	}
	for more {
		var a attribute
		a.name, a.value, more = z.TagAttr()
		r.attrs = append(r.attrs, a)
	}
	return name
}

// get is the value of an attribute of the tag; "" for none.
func (r *reader) get(name string) string {
	for _, a := range r.attrs {
		if string(a.name) == name {
			return string(a.value)
		}
	}
	return ""
}

// addOf adds the address that an attribute of the tag holds. An empty one leads to
// <base>, and nothing is loaded from there.
func (r *reader) addOf(name string, use Use) {
	if target := r.get(name); target != "" || use == Leads && r.has(name) {
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
