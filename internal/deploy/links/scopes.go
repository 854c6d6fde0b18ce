package links

import "strings"

// scopes is the stack of open elements on which the reading of markup depends: SVG and
// MathML, HTML inside of them, and templates (HTML standard, sections 13.2.6.5 and 4.12.3).
type scopes struct {
	stack     []scope
	templates int // open templates
}

type scope struct {
	name   string
	markup markup
	inert  bool // a template's content: browsers follow and load nothing in it
}

// markup is the language of elements.
type markup uint8

const (
	inHTML markup = iota
	inSVG
	inMathML
)

// maxDepth is the deepest stack, as in browsers.
const maxDepth = 512

func (s *scopes) top() scope {
	if len(s.stack) == 0 {
		return scope{}
	}
	return s.stack[len(s.stack)-1]
}

func (s *scopes) any() bool { return len(s.stack) > 0 }

// foreign says whether elements are SVG's or MathML's.
func (s *scopes) foreign() bool { return s.top().markup != inHTML }

// open reads a start tag; live says that the element is not inert, and of is its language.
// get returns the tag's attributes.
func (s *scopes) open(name string, selfClosing bool, get func(string) string) (live bool, of markup) {
	if s.foreign() && leavesForeign(name, get) {
		s.leaveForeign()
	}
	at := s.top()
	inner, opens := at.inside(name, get)
	if of = at.markup; of == inHTML {
		of = inner.markup // <svg> itself is SVG's
	}
	// In HTML the slash of <template/> means nothing.
	if opens && (!selfClosing || of == inHTML) && len(s.stack) < maxDepth {
		s.stack = append(s.stack, inner)
		if name == "template" {
			s.templates++
		}
	}
	return !at.inert, of
}

// inside is the scope that an element opens in this one.
func (s scope) inside(name string, get func(string) string) (inner scope, opens bool) {
	inner = scope{name: name, markup: s.markup, inert: s.inert}
	switch s.markup {
	case inSVG:
		switch name {
		case "svg":
			return inner, true
		case "foreignobject", "desc", "title":
			inner.markup = inHTML
			return inner, true
		}
	case inMathML:
		switch name {
		case "math":
			return inner, true
		case "mi", "mo", "mn", "ms", "mtext":
			inner.markup = inHTML
			return inner, true
		case "annotation-xml":
			switch strings.ToLower(get("encoding")) {
			case "text/html", "application/xhtml+xml":
				inner.markup = inHTML
				return inner, true
			}
		}
	case inHTML:
		switch name {
		case "svg":
			inner.markup = inSVG
			return inner, true
		case "math":
			inner.markup = inMathML
			return inner, true
		case "template":
			inner.inert = s.inert || !isShadowRoot(get("shadowrootmode"))
			return inner, true
		}
	}
	return inner, false
}

// isShadowRoot says whether a template is a declarative shadow root, which browsers show.
func isShadowRoot(mode string) bool {
	mode = strings.ToLower(mode)
	return mode == "open" || mode == "closed"
}

// close reads an end tag.
func (s *scopes) close(name string) {
	switch {
	case s.foreign() && (name == "p" || name == "br"):
		s.leaveForeign()
	case name == "template":
		if s.templates == 0 {
			return
		}
		for s.top().name != "template" {
			s.pop()
		}
		s.pop()
		s.templates--
	case len(s.stack) > 0 && s.top().name == name:
		s.pop()
	}
}

func (s *scopes) pop() { s.stack = s.stack[:len(s.stack)-1] }

// leaveForeign closes the open elements of SVG and MathML, up to where it is HTML.
func (s *scopes) leaveForeign() {
	for s.foreign() {
		s.pop()
	}
}

// leaving are the elements of HTML that end SVG and MathML.
var leaving = set("b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed",
	"h1", "h2", "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre",
	"ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var")

func leavesForeign(name string, get func(string) string) bool {
	return leaving[name] || name == "font" && get("color")+get("face")+get("size") != ""
}

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}
