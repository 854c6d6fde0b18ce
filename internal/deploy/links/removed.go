package links

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Removed are the addresses that a release removes: visitors can open them now, and can't
// once it is live. A dropped asset in its grace time is not removed, nor an address at which
// another file or a redirect answers.
type Removed struct {
	names map[string]bool // as sitePath.name has them
	// needles are words: a page that names a removed address has one of them. unfiltered
	// says that this does not hold, so that every page has to be read.
	needles    [][]byte
	unfiltered bool
	// folders have lost their index page: pages in them may name it by dots alone.
	folders map[string]bool
}

// manyNeedles is the number of needles above which searching a page for them takes longer
// than reading its references.
const manyNeedles = 16

// NewRemoved compares a build with the live release, which may be nil. sequence and at are
// those of the next deploy.
func NewRemoved(tree manifest.Tree, live *manifest.Manifest, grace manifest.Grace, sequence int64, at time.Time) *Removed {
	g := &Removed{names: map[string]bool{}, folders: map[string]bool{}}
	if live == nil {
		return g
	}
	for _, e := range live.Entries {
		g.add(tree, manifest.Retired{Entry: e, Sequence: sequence, At: at}, grace, sequence, at)
	}
	for _, r := range live.Retired {
		if !r.Doomed {
			g.add(tree, r, grace, sequence, at)
		}
	}
	slices.SortFunc(g.needles, bytes.Compare)
	g.needles = slices.CompactFunc(g.needles, bytes.Equal)
	g.unfiltered = g.unfiltered || len(g.needles) > manyNeedles
	return g
}

func (g *Removed) add(tree manifest.Tree, r manifest.Retired, grace manifest.Grace, sequence int64, at time.Time) {
	if tree.Has(r.Path) || r.Path == manifest.MarkerPath || grace.Keeps(r, sequence, at) {
		return
	}
	needle := longestWord(path.Base(strings.TrimSuffix(r.Path, "/index.html")))
	for _, name := range addresses(r.Path) {
		if tree.Serves(name) {
			continue
		}
		g.names[name] = true
		if name == "" || strings.HasSuffix(name, "/") {
			g.folders[name] = true
		}
		g.needles = append(g.needles, []byte(strings.TrimSuffix(needle, ".html")))
		g.unfiltered = g.unfiltered || name == "" || needle == "" || needle == ".html"
	}
}

// addresses are the addresses at which web servers serve a file; some also serve an index
// page without its extension.
func addresses(name string) []string {
	out := manifest.Addresses(name, true)
	if stem, ok := strings.CutSuffix(name, "index.html"); ok && (stem == "" || strings.HasSuffix(stem, "/")) {
		out = append(out, stem+"index")
	}
	return out
}

// longestWord is the longest part of a name without characters that a link may
// percent-encode (RFC 3986, section 2.3).
func longestWord(name string) string {
	longest, start := "", 0
	for i := range len(name) + 1 {
		if i < len(name) && plainByte(name[i]) {
			continue
		}
		if i-start > len(longest) {
			longest = name[start:i]
		}
		start = i + 1
	}
	return longest
}

func plainByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// Empty says whether the release removes nothing.
func (g *Removed) Empty() bool { return len(g.names) == 0 }

func (g *Removed) has(name string) bool { return g.names[name] }

// mayName says whether a page may have references to removed files. For most pages the
// search for a few words is enough.
func (g *Removed) mayName(page string, html []byte) bool {
	return g.unfiltered || g.inside(page) || slices.ContainsFunc(g.needles, func(word []byte) bool { return bytes.Contains(html, word) }) ||
		disguised(html)
}

// inside says whether a page is in a folder that has lost its index page.
func (g *Removed) inside(page string) bool {
	for dir := path.Dir(page); dir != "."; dir = path.Dir(dir) {
		if g.folders[dir+"/"] {
			return true
		}
	}
	return g.folders[""]
}

// LostLinks are the links of unchanged pages to files that a release removes.
type LostLinks struct {
	Pages     int      `json:"pages"`    // unchanged pages with such links
	Unchanged int      `json:"of_pages"` // all unchanged pages
	Examples  []string `json:"examples"` // the first of them: "news/index.html -> /old/"
}

// String is a sentence for people.
func (l LostLinks) String() string {
	return fmt.Sprintf("%d of %d unchanged pages name files that this release removes", l.Pages, l.Unchanged)
}

// ToRemoved is the violation for many links of unchanged pages to removed files: a part of
// the site was not built. A few are usual when a page is taken down, and are for the result.
// unchanged is the number of unchanged pages.
func ToRemoved(links []Link, unchanged int, limits guard.Limits) (stop *guard.Violation, few *LostLinks) {
	if len(links) == 0 {
		return nil, nil
	}
	examples := firstOfPages(links)
	lost := LostLinks{Pages: len(examples), Unchanged: unchanged, Examples: examples[:min(len(examples), guard.MaxPaths)]}
	share := limits.BrokenShare()
	if lost.Pages <= 5 || float64(lost.Pages) <= share*float64(unchanged) {
		return nil, &lost
	}
	return guard.NewViolation(guard.BrokenLinks, examples, "%s (limit: %.0f %% of the pages)", lost, share*100), nil
}

// firstOfPages names each page once, with the first of its links.
func firstOfPages(links []Link) []string {
	pages := map[string]bool{}
	var out []string
	for _, l := range links {
		if !pages[l.Page] {
			pages[l.Page] = true
			out = append(out, l.Page+" -> "+l.Target)
		}
	}
	slices.Sort(out)
	return out
}
