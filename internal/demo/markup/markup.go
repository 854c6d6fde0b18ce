// Package markup reads the stand-in CMS's article text: paragraphs, "## "
// headings, "- " lists and [text](address) links, and nothing else.
//
// The result is a tree of plain strings, never HTML. Its renderer must
// escape it (html/template does), so no text of an editor can become markup
// that this package does not know.
package markup

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// Kind is a Block's kind.
type Kind string

// The kinds of block. Their values are what templates compare with.
const (
	Paragraph Kind = "paragraph"
	Heading   Kind = "heading"
	List      Kind = "list"
)

// Block is one paragraph, heading or list.
type Block struct {
	Kind  Kind
	Spans []Span   // of a paragraph or heading
	Items [][]Span // of a list
}

// Span is a stretch of text, linked when Href is not empty.
type Span struct {
	Text string
	Href string // http, https, mailto or a path on this site; "" for plain text
}

// link matches [text](address). Neither part may hold the other's brackets:
// the first reading of an ambiguous text is the shortest one.
var link = regexp.MustCompile(`\[([^\[\]]+)\]\(([^()\s]+)\)`)

// Parse reads an article's text. Every text is valid: anything but markup is a paragraph.
// It is made plain first, as all text from elsewhere.
func Parse(article string) []Block {
	var p parser
	for line := range strings.Lines(text.Plain(article)) {
		p.line(strings.TrimSpace(line))
	}
	p.flush()
	return p.blocks
}

// parser collects lines until a block is complete.
type parser struct {
	blocks    []Block
	paragraph []string
	items     [][]Span
}

func (p *parser) line(line string) {
	if line == "" {
		p.flush()
		return
	}
	if title, ok := strings.CutPrefix(line, "## "); ok {
		p.flush()
		p.blocks = append(p.blocks, Block{Kind: Heading, Spans: spans(title)})
		return
	}
	if item, ok := strings.CutPrefix(line, "- "); ok {
		p.flushParagraph()
		p.items = append(p.items, spans(item))
		return
	}
	p.flushList()
	p.paragraph = append(p.paragraph, line)
}

func (p *parser) flush() {
	p.flushParagraph()
	p.flushList()
}

func (p *parser) flushParagraph() {
	if len(p.paragraph) == 0 {
		return
	}
	p.blocks = append(p.blocks, Block{Kind: Paragraph, Spans: spans(strings.Join(p.paragraph, " "))})
	p.paragraph = nil
}

func (p *parser) flushList() {
	if len(p.items) == 0 {
		return
	}
	p.blocks = append(p.blocks, Block{Kind: List, Items: p.items})
	p.items = nil
}

// spans splits a line at its links. A link with an address that we don't
// accept stays in the text as it was typed, so that its author sees it.
func spans(line string) []Span {
	line = strings.Join(strings.Fields(line), " ")
	var out []Span
	rest := 0
	for _, m := range link.FindAllStringSubmatchIndex(line, -1) {
		href := line[m[4]:m[5]]
		if !safe(href) {
			continue
		}
		if m[0] > rest {
			out = append(out, Span{Text: line[rest:m[0]]})
		}
		out = append(out, Span{Text: line[m[2]:m[3]], Href: href})
		rest = m[1]
	}
	if rest < len(line) {
		out = append(out, Span{Text: line[rest:]})
	}
	return out
}

// safe accepts web and mail addresses and paths on the same site. It refuses
// "//host" and "/\host", which browsers read as another site.
func safe(href string) bool {
	u, err := url.Parse(href)
	if err != nil || strings.Contains(href, `\`) {
		return false
	}
	if u.Scheme == "" {
		return strings.HasPrefix(href, "/") && !strings.HasPrefix(href, "//")
	}
	return slices.Contains([]string{"http", "https", "mailto"}, u.Scheme) && (u.Host != "" || u.Opaque != "")
}
