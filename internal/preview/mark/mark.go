// Package mark makes a page say that it is a preview: to search engines by a robots
// rule, to people by a line at its top. All other bytes of the page stay as they are.
package mark

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode"

	xhtml "golang.org/x/net/html"
)

// robots keeps a page out of search engines
// (https://developers.google.com/search/docs/crawling-indexing/block-indexing).
const robots = `<meta name="robots" content="noindex, nofollow, noarchive">`

// Robots is a robots.txt for previews. It forbids nothing: a crawler that may not read a
// page can't see its noindex, and may list it by its address.
const Robots = "# A preview. Each page says noindex, which a crawler has to be let read.\nUser-agent: *\nAllow: /\n"

// Page marks a page with a text for people, which it escapes. A page in an encoding that
// does not extend ASCII, such as UTF-16, stays as it is.
func Page(page []byte, text string) []byte {
	if bytes.IndexByte(page, 0) >= 0 {
		return page
	}
	head, body := insertionPoints(page)
	var out bytes.Buffer
	out.Grow(len(page) + len(robots) + len(text) + 200)
	out.Write(page[:head])
	out.WriteString(robots)
	out.Write(page[head:body])
	out.WriteString(line(text))
	out.Write(page[body:])
	return out.Bytes()
}

// insertionPoints finds the positions for the robots rule, after <head> or where it would be, and
// for the line, after <body> or at the page's end.
func insertionPoints(page []byte) (head, body int) {
	head, body = -1, -1
	start := 0
	z := xhtml.NewTokenizer(bytes.NewReader(page))
	for at := 0; body < 0; {
		kind := z.Next()
		if kind == xhtml.ErrorToken {
			break
		}
		at += len(z.Raw())
		name, _ := z.TagName()
		switch {
		case kind == xhtml.DoctypeToken && head < 0:
			start = at
		case kind != xhtml.StartTagToken:
		case string(name) == "html" && head < 0:
			start = at
		case string(name) == "head" && head < 0:
			head = at
		case string(name) == "body":
			body = at
		}
	}
	if head < 0 {
		head = start
	}
	if body < head {
		body = len(page)
	}
	return head, body
}

// line is the line for people, in ASCII so that it is right in any charset.
func line(text string) string {
	return `<div role="note" lang="en" style="all:initial;display:block;box-sizing:border-box;padding:8px 16px;background:#ffe396;color:#1b1b1b;font:16px/1.4 sans-serif;border-bottom:2px solid #936f38">` + ascii(html.EscapeString(text)) + `</div>`
}

func ascii(text string) string {
	var out strings.Builder
	for _, c := range text {
		if c < unicode.MaxASCII {
			out.WriteRune(c)
			continue
		}
		fmt.Fprintf(&out, "&#%d;", c)
	}
	return out.String()
}
