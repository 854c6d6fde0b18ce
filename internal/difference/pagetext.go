package difference

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// The bounds of the compared text of a page.
	maxParagraphs = 4000
	maxParagraph  = 20_000 // bytes
	maxTitle      = 300    // bytes
)

// pageText is the text of a page, without its markup.
type pageText struct {
	title      string
	paragraphs []string
	cut        bool // the page has more text
}

// inline are the elements inside of sentences; all others end a paragraph.
var inline = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Bdi: true, atom.Bdo: true, atom.Cite: true, atom.Code: true, atom.Data: true,
	atom.Del: true, atom.Dfn: true, atom.Em: true, atom.Font: true, atom.I: true, atom.Img: true, atom.Ins: true, atom.Kbd: true,
	atom.Label: true, atom.Mark: true, atom.Q: true, atom.S: true, atom.Samp: true, atom.Small: true, atom.Span: true, atom.Strong: true,
	atom.Sub: true, atom.Sup: true, atom.Time: true, atom.U: true, atom.Var: true, atom.Wbr: true,
}

// unread are the elements whose content is no text of the page.
var unread = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Svg: true, atom.Iframe: true,
}

// textOf is the text of a page, which may be any bytes.
func textOf(page []byte) pageText {
	r := textReader{tokens: html.NewTokenizer(bytes.NewReader(page))}
	r.tokens.SetMaxBuf(maxPage)
	for r.next() {
	}
	r.end()
	r.out.title = cut(r.out.title, maxTitle)
	return r.out
}

type textReader struct {
	tokens *html.Tokenizer
	out    pageText
	line   strings.Builder
	// skip is the element whose content is not read, depth the number of open ones.
	skip    atom.Atom
	depth   int
	titling bool
}

// next reads a token; false at the end.
func (r *textReader) next() bool {
	kind := r.tokens.Next()
	switch kind {
	case html.ErrorToken:
		return false
	case html.TextToken:
		if r.skip == 0 {
			r.add(string(r.tokens.Text()))
		}
	case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
		name, attributes := r.tokens.TagName()
		r.tag(atom.Lookup(name), kind, attributes)
	case html.CommentToken, html.DoctypeToken:
	}
	return true
}

func (r *textReader) tag(name atom.Atom, kind html.TokenType, attributes bool) {
	switch {
	case r.skip != 0:
		r.skipped(name, kind)
		return
	case unread[name] && kind == html.StartTagToken:
		r.skip, r.depth = name, 1
	case name == atom.Img && attributes && kind != html.EndTagToken:
		r.image()
		return
	}
	if !inline[name] {
		r.end()
	}
	if name == atom.Title {
		r.titling = kind == html.StartTagToken && r.out.title == ""
	}
}

// skipped looks for the end of an element that is not read.
func (r *textReader) skipped(name atom.Atom, kind html.TokenType) {
	switch {
	case name != r.skip:
	case kind == html.StartTagToken:
		r.depth++
	case kind == html.EndTagToken:
		if r.depth--; r.depth == 0 {
			r.skip = 0
		}
	}
}

// image reads an image's alternative text.
func (r *textReader) image() {
	for more := true; more; {
		var name, value []byte
		name, value, more = r.tokens.TagAttr()
		if string(name) == "alt" && len(value) > 0 {
			r.add("[" + string(value) + "]")
		}
	}
}

func (r *textReader) add(text string) {
	if r.line.Len() <= maxParagraph {
		r.line.WriteString(text)
	} else {
		r.out.cut = true
	}
}

// end ends a paragraph, and makes each white space in it one blank, as browsers do.
func (r *textReader) end() {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(r.line.String(), "\uFFFD")), " ")
	r.line.Reset()
	switch {
	case text == "":
	case r.titling:
		r.out.title, r.titling = text, false
	case len(r.out.paragraphs) == maxParagraphs:
		r.out.cut = true
	default:
		short := cut(text, maxParagraph)
		r.out.cut = r.out.cut || short != text
		r.out.paragraphs = append(r.out.paragraphs, short)
	}
}

// cut shortens a text to a number of bytes, between two characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "")
}
