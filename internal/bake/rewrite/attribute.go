package rewrite

import (
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/links"
)

// kind is the content of an attribute.
type kind uint8

const (
	nothing     kind = iota
	words            // text in which an address of the CMS may stand
	one              // an address
	list             // addresses between white space
	candidates       // a srcset
	metaRefresh      // a refresh
	style            // CSS
	document         // a page of its own
)

// kinds are the attributes that hold addresses on whatever element (HTML standard,
// "Attributes" index; SVG 2, section 16.1.6; and what scripts that load pictures late use).
var kinds = map[string]kind{
	"href": one, "src": one, "action": one, "formaction": one, "poster": one, "cite": one, "background": one, "longdesc": one,
	"xlink:href": one, "itemid": one, "manifest": one, "classid": one, "codebase": nothing, "profile": nothing,
	"ping": list, "archive": list, "srcset": candidates, "imagesrcset": candidates, "style": style, "srcdoc": document,
	"data-src": one, "data-lazy-src": one, "data-original": one, "data-lazy": one, "data-bg": one, "data-background": one, "data-background-image": one,
	"data-href": one, "data-poster": one, "data-full-url": one, "data-large-file": one, "data-medium-file": one, "data-orig-file": one, "data-thumb": one,
	"data-srcset": candidates, "data-lazy-srcset": candidates, "data-original-set": candidates, "data-bgset": candidates,
}

func (p *page) kindOf(element string, a links.Attribute, w *links.Walker) kind {
	k, known := kinds[a.Name]
	switch {
	case a.Name == "data" && element == "object":
		return one
	case a.Name == "content" && element == "meta":
		if strings.EqualFold(w.Value("http-equiv"), "refresh") {
			return metaRefresh
		}
		return p.wordsOf(a)
	case !known:
		return p.wordsOf(a)
	case strings.HasPrefix(a.Name, "data-") && k == one && strings.ContainsAny(string(a.Value), "{}()<> "):
		return p.wordsOf(a) // a script's own notation
	}
	return k
}

// wordsOf is words if the CMS's host stands in an attribute; most are left alone at once.
func (p *page) wordsOf(a links.Attribute) kind {
	if containsFold(a.Value, p.host) {
		return words
	}
	return nothing
}

// loading are the kinds of <link> whose file a browser loads for the page (HTML standard,
// section 4.6.7).
var loading = []string{"stylesheet", "icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "preload", "prefetch", "modulepreload", "manifest"}

// useOf says what an element does with the address in one of its attributes.
func useOf(element, name string, w *links.Walker) Use {
	switch name {
	case "action", "formaction":
		return Submission
	case "src", "poster", "data", "background", "xlink:href", "manifest":
		return Resource
	case "href":
		switch element {
		case "a", "area":
			return Link
		case "link":
			rels := strings.Fields(strings.ToLower(w.Value("rel")))
			if slices.ContainsFunc(rels, func(rel string) bool { return slices.Contains(loading, rel) }) {
				return Resource
			}
			return Metadata
		case "base":
			return Metadata
		}
		return Resource // of SVG
	}
	if strings.HasPrefix(name, "data-") {
		return InText // a script may use it, or not
	}
	return Metadata
}
