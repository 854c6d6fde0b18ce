package browser

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Texts are what people read or hear in a document, an element or an attribute each: what
// stands directly in one element is together. Times are left out, and what
// says that it is in a language of its own.
func Texts(t *testing.T, document string) (found []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data != "html" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "lang" }) {
			continue // it says itself in which language it is
		}
		said := ""
		for _, a := range n.Attr {
			if slices.Contains([]string{"aria-label", "title", "alt", "placeholder", "data-label", "data-announce"}, a.Key) && (n.Data != "time" || a.Key != "title") {
				found = append(found, a.Val)
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if c.Type == html.TextNode && !slices.Contains([]string{"script", "style", "code", "noscript"}, n.Data) && n.Data != "time" {
				said += c.Data
			}
		}
		if strings.TrimSpace(said) != "" {
			found = append(found, said)
		}
	}
	return found
}
