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

// Removed are the addresses that a release takes away: those of files that visitors
// can open now, and can't once it is live. A dropped asset in its grace time is
// not among them, nor is what another file or a redirect answers from then on.
type Removed struct {
	names   map[string]bool // addresses as Resolve gives them
	needles [][]byte        // one of these is in each page that names one of them,
	blunt   bool            // unless that can't be told
	// folders are those whose index page is gone: pages in them may name it with
	// dots alone.
	folders map[string]bool
}

// manyNeedles is from where on looking for each of them in a page takes longer
// than reading the page's references.
const manyNeedles = 16

// NewRemoved compares a build with the release that is live, which may be nil: the
// next deploy has this sequence number, at this time.
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
	g.blunt = g.blunt || len(g.needles) > manyNeedles
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
		g.blunt = g.blunt || name == "" || needle == "" || needle == ".html"
	}
}

// addresses are those at which web servers give a file; some also give a folder's
// page without its ending.
func addresses(name string) []string {
	out := manifest.Addresses(name, true)
	if stem, ok := strings.CutSuffix(name, "index.html"); ok && (stem == "" || strings.HasSuffix(stem, "/")) {
		out = append(out, stem+"index")
	}
	return out
}

// longestWord is the longest part of a name that stands in a link as it is,
// whether or not the rest is percent-encoded there (RFC 3986, section 2.3).
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

// None says that the release takes nothing away.
func (g *Removed) None() bool { return len(g.names) == 0 }

func (g *Removed) has(name string) bool { return g.names[name] }

// mayBeNamed says whether a page may have references to removed files. Most pages have
// none, which a search for a few words tells before any reference is read.
func (g *Removed) mayBeNamed(page string, html []byte) bool {
	return g.blunt || g.inside(page) || slices.ContainsFunc(g.needles, func(word []byte) bool { return bytes.Contains(html, word) }) ||
		disguised(html)
}

// inside says whether a page lies in a folder whose index page is gone.
func (g *Removed) inside(page string) bool {
	for dir := path.Dir(page); dir != "."; dir = path.Dir(dir) {
		if g.folders[dir+"/"] {
			return true
		}
	}
	return g.folders[""]
}

// LostLinks are those of unchanged pages to what a release takes away.
type LostLinks struct {
	Pages     int      `json:"pages"`    // that have such links
	Unchanged int      `json:"of_pages"` // of which they are
	Examples  []string `json:"examples"` // the first of them: "news/index.html -> /old/"
}

// String says it for people.
func (l LostLinks) String() string {
	return fmt.Sprintf("%d of %d unchanged pages name files that this release takes away", l.Pages, l.Unchanged)
}

// ToRemoved judges the references of unchanged pages to what a release takes
// away. A few are usual when a page is taken down, and told; many mean that a part
// of the site was not built. Unchanged is how many such pages there are.
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
