package deploy

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Gone are the addresses that a release takes away: those of files that visitors
// can open now, and can't once it is live. A dropped asset in its grace time is
// not among them, nor is what another file or a redirect answers from then on.
type Gone struct {
	names   map[string]bool // addresses as Resolve gives them
	needles [][]byte        // one of these is in each page that names one of them,
	blunt   bool            // unless that can't be told
	// folders are those whose index page is gone: pages in them may name it with
	// dots alone.
	folders map[string]bool
	words   map[string]bool // one of these is in the last part of each reference to one of them
}

// manyNeedles is from where on looking for each of them in a page takes longer
// than reading the page's references.
const manyNeedles = 16

// WhatGoes compares a build with the release that is live, which may be nil: the
// next deploy has this sequence number, at this time.
func WhatGoes(tree Tree, live *Manifest, grace Grace, sequence int64, at time.Time) *Gone {
	g := &Gone{names: map[string]bool{}, folders: map[string]bool{}, words: map[string]bool{}}
	if live == nil {
		return g
	}
	for _, e := range live.Entries {
		g.add(tree, Retired{Entry: e, Sequence: sequence, At: at}, grace, sequence, at)
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

func (g *Gone) add(tree Tree, r Retired, grace Grace, sequence int64, at time.Time) {
	if tree.Has(r.Path) || r.Path == MarkerPath || grace.Keeps(r, sequence, at) {
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
		g.words[longestWord(path.Base(strings.TrimSuffix(name, "/")))] = true
		g.needles = append(g.needles, []byte(strings.TrimSuffix(needle, ".html")))
		g.blunt = g.blunt || name == "" || needle == "" || needle == ".html"
	}
}

// addresses are those at which web servers give a file, as in Tree.Serves.
func addresses(name string) []string {
	out := []string{name}
	if stem, ok := strings.CutSuffix(name, ".html"); ok {
		out = append(out, stem)
	}
	if name == "index.html" {
		return append(out, "")
	}
	if folder, ok := strings.CutSuffix(name, "/index.html"); ok {
		out = append(out, folder, folder+"/")
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

// None tells that the release takes nothing away.
func (g *Gone) None() bool { return len(g.names) == 0 }

// Links are a page's references to what is gone. Most pages have none, which a
// search for a few words tells before any reference is read.
func (g *Gone) Links(page string, html []byte) []Link {
	inside := g.inside(page)
	if !inside && !g.blunt && !slices.ContainsFunc(g.needles, func(word []byte) bool { return bytes.Contains(html, word) }) {
		return nil
	}
	var out []Link
	References(html, func(target string, asset bool) {
		if !inside && !g.named(target) {
			return
		}
		if name, ok := Resolve(page, target); ok && g.names[name] {
			out = append(out, Link{Page: page, Target: target, Asset: asset})
		}
	})
	return out
}

// inside tells whether a page lies in a folder whose index page is gone.
func (g *Gone) inside(page string) bool {
	for dir := path.Dir(page); dir != "."; dir = path.Dir(dir) {
		if g.folders[dir+"/"] {
			return true
		}
	}
	return g.folders[""]
}

// named tells whether a reference may mean something that is gone, by its last
// part alone: resolving each takes several times as long.
func (g *Gone) named(target string) bool {
	if g.names[""] {
		return true
	}
	if i := strings.IndexAny(target, "?#&"); i >= 0 {
		target = target[:i]
	}
	target = strings.TrimRight(target, "/ \t\r\n")
	last := target[strings.LastIndexByte(target, '/')+1:]
	word := longestWord(last)
	return word == "" || g.words[word] || strings.Contains(target, "%") || strings.HasSuffix(last, ".")
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

// LinksToGone judges the references of unchanged pages to what a release takes
// away. A few are usual when a page is taken down, and told; many mean that a part
// of the site was not built. Unchanged is how many such pages there are.
func LinksToGone(links []Link, unchanged int, limits Limits) (stop *Violation, few *LostLinks) {
	if len(links) == 0 {
		return nil, nil
	}
	examples := firstOfPages(links)
	lost := LostLinks{Pages: len(examples), Unchanged: unchanged, Examples: examples[:min(len(examples), maxPaths)]}
	share := limits.BrokenShare()
	if lost.Pages <= 5 || float64(lost.Pages) <= share*float64(unchanged) {
		return nil, &lost
	}
	return violation(GuardBrokenLinks, examples, "%s (limit: %.0f %% of the pages)", lost, share*100), nil
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

// BrokenShare is the share of pages that may name files which the build does not have.
func (l Limits) BrokenShare() float64 {
	if l.MaxBrokenShare == 0 {
		return 0.1
	}
	return l.MaxBrokenShare
}

// LeftToCDN tells which paths are answered by rules of a _redirects file that no
// stored file can carry out: splats, placeholders, rewrites. What they lead to is
// the CDN's affair, so a link there is not taken for a dead one. Text that is no
// _redirects file answers nothing.
func LeftToCDN(text []byte) func(name string) bool {
	var globs []func(string) bool
	for line := range strings.Lines(string(text)) {
		fields := ruleFields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[0], "/") {
			continue
		}
		r, why, err := parseRedirect(fields)
		if err != nil || why == "" || r.Status >= 400 {
			continue
		}
		from, _, _ := strings.Cut(fields[0], "?")
		parts := strings.Split(strings.Trim(from, "/"), "/")
		for i, part := range parts {
			if strings.HasPrefix(part, ":") {
				parts[i] = "*"
			} else {
				parts[i] = strings.ReplaceAll(part, "*", "**")
			}
		}
		pattern := strings.Join(parts, "/")
		re, err := Glob(pattern)
		if err != nil {
			continue // the home page alone
		}
		globs = append(globs, func(name string) bool {
			// "/blog/*" answers /blog too (Netlify docs, "Redirect options").
			return re.MatchString(name) || re.MatchString(name+"/")
		})
	}
	return func(name string) bool {
		name = strings.TrimSuffix(name, "/")
		return slices.ContainsFunc(globs, func(matches func(string) bool) bool { return matches(name) })
	}
}
