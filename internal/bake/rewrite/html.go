package rewrite

import (
	"bytes"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/links"
)

// maxSrcdoc is how deep documents in srcdoc attributes are changed.
const maxSrcdoc = 3

// page is an HTML document that is being changed.
type page struct {
	*Rewriter
	splicer
	change Change
	base   string
	depth  int
}

// HTML finds and changes the addresses of a page. Content of <noscript> and of templates
// is changed as all else is.
func (r *Rewriter) HTML(text []byte, change Change) []byte {
	change = r.inside(change)
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return inUTF8(text, func(plain []byte) []byte { return r.markup(plain, change, "", 0) })
	}
	return r.markup(text, change, "", 0)
}

func (r *Rewriter) markup(text []byte, change Change, base string, depth int) []byte {
	p := &page{Rewriter: r, splicer: splicer{text: text}, change: change, base: base, depth: depth}
	if own := baseOf(text); own != "" {
		p.base = own
	}
	w := links.Walk(text)
	last, element := 0, ""
	for w.Next() {
		start, stop := w.Place()
		p.between(last, start, element)
		last, element = stop, w.Text()
		if name, end := w.Tag(); !end {
			p.tag(name, w)
		}
	}
	p.between(last, len(text), element)
	return p.bytes()
}

// between changes the text and comments between two tags, or the whole content of an
// element without tags in it.
func (p *page) between(from, to int, element string) {
	if from >= to {
		return
	}
	switch element {
	case "style":
		part := p.text[from:to]
		if with := p.CSS(part, p.base, p.change); !bytes.Equal(with, part) {
			p.replace(from, to, string(with))
		}
	case "script", "xmp", "plaintext", "noembed", "noframes", "iframe":
		p.within(&p.splicer, from, to, false, p.change)
	default:
		p.within(&p.splicer, from, to, true, p.change)
	}
}

// baseOf is the href of a page's first <base>; "" for none.
func baseOf(text []byte) string {
	if !containsBase(text) {
		return ""
	}
	for w := links.Walk(text); w.Next(); {
		if name, end := w.Tag(); name == "base" && !end {
			if href := w.Value("href"); href != "" {
				return href
			}
		}
	}
	return ""
}

func containsBase(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '<')
		if i < 0 || len(text) < i+5 {
			return false
		}
		if bytes.EqualFold(text[i+1:i+5], []byte("base")) {
			return true
		}
		text = text[i+1:]
	}
}

// tag changes the attributes of a start tag.
func (p *page) tag(name string, w *links.Walker) {
	for _, a := range w.Attributes() {
		kind := p.kindOf(name, a, w)
		if kind == nothing {
			continue
		}
		if kind == words {
			p.within(&p.splicer, a.At, a.At+len(a.Value), true, p.change)
			continue
		}
		value := links.Unescape(a.Value)
		with, ok := p.value(name, a.Name, kind, value, w)
		switch {
		case ok && with != value:
			p.put(a, value, with)
		case !ok: // another's address may have the CMS's in its query
			p.within(&p.splicer, a.At, a.At+len(a.Value), true, p.change)
		}
	}
}

// put replaces an attribute's value, escaped as the attribute needs it.
func (p *page) put(a links.Attribute, value, with string) {
	escape := attributeEscape
	if string(a.Value) == value && !strings.ContainsAny(with, "&") {
		escape = quoteEscape
	}
	quote := byte(0)
	if a.At > 0 {
		quote = p.text[a.At-1]
	}
	with = escape.Replace(with)
	if quote != '"' && quote != '\'' {
		with = bareEscape.Replace(with)
	}
	p.replace(a.At, a.At+len(a.Value), with)
}

var (
	attributeEscape = strings.NewReplacer("&", "&amp;", `"`, "&#34;", "'", "&#39;")
	quoteEscape     = strings.NewReplacer(`"`, "&#34;", "'", "&#39;")
	bareEscape      = strings.NewReplacer(" ", "&#32;", "\t", "&#9;", "\n", "&#10;", "\f", "&#12;", ">", "&gt;", "=", "&#61;", "`", "&#96;")
)

// value is the new value of an attribute; false if it stays.
func (p *page) value(element, name string, kind kind, value string, w *links.Walker) (string, bool) {
	switch kind {
	case one:
		return p.change(Reference{Target: value, Use: useOf(element, name, w), Base: p.base})
	case list:
		return spliced(value, fields(value), Submission, p.base, p.change)
	case candidates:
		return spliced(value, srcset(value), Resource, p.base, p.change)
	case metaRefresh:
		at, ok := refresh(value)
		if !ok {
			return "", false
		}
		return spliced(value, []span{at}, Link, p.base, p.change)
	case style:
		with := p.CSS([]byte(value), p.base, p.change)
		return string(with), string(with) != value
	case nothing, words:
	case document:
		if p.depth >= maxSrcdoc {
			return "", false
		}
		with := p.markup([]byte(value), p.change, p.base, p.depth+1)
		return string(with), string(with) != value
	}
	return "", false
}
