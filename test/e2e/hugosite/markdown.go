package hugosite

import (
	"net/url"
	"strings"
	"unicode"

	"github.com/pressrun/pressrun/internal/demo/markup"
)

// markdown writes blocks as CommonMark that renders to the same words, with
// every ASCII punctuation character of the text escaped (CommonMark 0.31,
// section 2.4). So no text can turn into emphasis, raw HTML or, for Hugo, a
// "{{< shortcode >}}", which Hugo looks for before it reads Markdown.
func markdown(blocks []markup.Block) string {
	var b strings.Builder
	for i, block := range blocks {
		if i > 0 {
			b.WriteString("\n")
			separateLists(&b, blocks[i-1], block)
		}
		writeBlock(&b, block)
	}
	return b.String()
}

// separateLists separates two neighbouring lists: Markdown would join them over a blank
// line. A comment is its only neutral separator, and Hugo leaves comments out; an empty
// one carries no text of an editor.
func separateLists(b *strings.Builder, before, after markup.Block) {
	if before.Kind == markup.List && after.Kind == markup.List {
		b.WriteString("<!-- -->\n\n")
	}
}

func writeBlock(b *strings.Builder, block markup.Block) {
	switch block.Kind {
	case markup.Heading:
		b.WriteString("## ")
		writeSpans(b, block.Spans)
		b.WriteString("\n")
	case markup.List:
		for _, item := range block.Items {
			b.WriteString("- ")
			writeSpans(b, item)
			b.WriteString("\n")
		}
	case markup.Paragraph:
		writeSpans(b, block.Spans)
		b.WriteString("\n")
	}
}

func writeSpans(b *strings.Builder, spans []markup.Span) {
	for _, span := range spans {
		if span.Href == "" {
			b.WriteString(escape(span.Text))
			continue
		}
		b.WriteString("[" + escape(span.Text) + "](" + destination(span.Href) + ")")
	}
}

// destination escapes a link's address. Parsed and printed again by net/url it
// holds no spaces or controls; its punctuation is escaped like text's.
func destination(href string) string {
	u, err := url.Parse(href)
	if err != nil {
		return ""
	}
	return escape(u.String())
}

func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
