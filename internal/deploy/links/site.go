package links

import (
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Site finds the dead links of a build's pages. It is safe for concurrent use.
type Site struct {
	tree    manifest.Tree
	address Address
	removed *Removed
	// mounted says that a page names files by a mount: the host serves the site in a folder.
	mounted atomic.Bool
}

// NewSite is the site of a build at an address; removed are the addresses that it removes.
func NewSite(tree manifest.Tree, address Address, removed *Removed) *Site {
	return &Site{tree: tree, address: address, removed: removed}
}

// Dead are a page's references to files that the build does not have. A mere mention counts
// only if the release removes the file.
func (s *Site) Dead(page string, html []byte) []Link {
	return s.links(page, html, func(r reference, p sitePath) bool {
		return !s.serves(p) && isPlain(p.name) && (r.use != mention || p.any(s.removed.has))
	})
}

// Lost are a page's references to files that the release removes.
func (s *Site) Lost(page string, html []byte) []Link {
	if !s.removed.mayName(page, html) {
		return nil
	}
	return s.links(page, html, func(_ reference, p sitePath) bool {
		if len(p.mounted) == 0 && !s.removed.has(p.name) {
			return false // a shortcut for most references
		}
		return !s.serves(p) && p.any(s.removed.has)
	})
}

// Unanswered leaves out links, of those in all pages, that others answer: rules of the CDN,
// or a host that serves the site in a folder.
func (s *Site) Unanswered(found []Link, elsewhere func(name string) bool) []Link {
	return slices.DeleteFunc(found, func(l Link) bool {
		return s.mounted.Load() && l.place.outside || l.place.any(elsewhere)
	})
}

func (s *Site) links(page string, html []byte, is func(reference, sitePath) bool) []Link {
	read := readPage(html)
	doc := s.address.document(page, &read)
	var out []Link
	for i, r := range read.references {
		if place, ok := doc.place(i); ok && is(r, place) {
			out = append(out, newLink(page, r, place))
		}
	}
	return out
}

func (s *Site) serves(p sitePath) bool {
	if s.has(p.name) {
		return true
	}
	i := slices.IndexFunc(p.mounted, s.has)
	if i < 0 {
		return false
	}
	if p.mounted[i] != "" {
		s.mounted.Store(true)
	}
	return true
}

func (s *Site) has(name string) bool { return s.tree.Serves(name) || name == manifest.MarkerPath }

// isPlain says whether a path is meant as it is written: it has no part that a script fills
// in, and is in UTF-8.
func isPlain(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsAny(name, "{}<>%") && !strings.Contains(name, "${") && !strings.Contains(name, "[[")
}
