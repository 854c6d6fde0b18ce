package links

import (
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Site judges the references of a build's pages. Its methods may be called at once.
type Site struct {
	tree    manifest.Tree
	address Address
	removed *Removed
	// mounted says that pages name the site's files by a folder of its destination: it
	// is known then that the host shows more than the site.
	mounted atomic.Bool
}

// NewSite is the build that takes away what a release has, at an address.
func NewSite(tree manifest.Tree, address Address, removed *Removed) *Site {
	return &Site{tree: tree, address: address, removed: removed}
}

// Dead are a page's references to what the build does not have. What the page merely
// names is among them if the release takes it away.
func (s *Site) Dead(page string, html []byte) []Link {
	return s.links(page, html, func(r Reference, p Place) bool {
		return !s.serves(p) && tellable(p.Name) && (r.Use != Names || p.any(s.removed.has))
	})
}

// Lost are a page's references to what the release takes away.
func (s *Site) Lost(page string, html []byte) []Link {
	if !s.removed.mayBeNamed(page, html) {
		return nil
	}
	return s.links(page, html, func(_ Reference, p Place) bool {
		if len(p.Mounted) == 0 && !s.removed.has(p.Name) {
			return false // told at once: most references are such
		}
		return !s.serves(p) && p.any(s.removed.has)
	})
}

// Unanswered leaves out, of the links that were found in all pages, what is answered
// elsewhere: by rules of the CDN, or by a host that shows the site in a folder.
func (s *Site) Unanswered(found []Link, elsewhere func(name string) bool) []Link {
	return slices.DeleteFunc(found, func(l Link) bool {
		return s.mounted.Load() && l.place.outside || l.place.any(elsewhere)
	})
}

func (s *Site) links(page string, html []byte, is func(Reference, Place) bool) []Link {
	read := Read(html)
	doc := s.address.document(page, &read)
	var out []Link
	for i, r := range read.References {
		if place, ok := doc.place(i); ok && is(r, place) {
			out = append(out, newLink(page, r, place))
		}
	}
	return out
}

func (s *Site) serves(p Place) bool {
	if s.has(p.Name) {
		return true
	}
	i := slices.IndexFunc(p.Mounted, s.has)
	if i < 0 {
		return false
	}
	if p.Mounted[i] != "" {
		s.mounted.Store(true)
	}
	return true
}

func (s *Site) has(name string) bool { return s.tree.Serves(name) || name == manifest.MarkerPath }

// tellable says whether a path is one that a page means: not where a script is still
// to fill something in, nor a page that is in another encoding than UTF-8.
func tellable(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsAny(name, "{}<>%") && !strings.Contains(name, "${") && !strings.Contains(name, "[[")
}
