package cdn

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy"
)

// Purge is what a CDN is to forget.
type Purge struct {
	// ID is the same for the same purge, so that a CDN which knows idempotent
	// requests does the work once.
	ID    string   `json:"id"`
	All   bool     `json:"all,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Paths []string `json:"paths,omitempty"` // public paths: "/a/", "/a/index.html"
	// Prefixes are whole folders: "/news/".
	Prefixes []string `json:"prefixes,omitempty"`
}

// Empty tells whether there is nothing to purge.
func (p Purge) Empty() bool { return !p.All && len(p.Tags)+len(p.Paths)+len(p.Prefixes) == 0 }

// Units are what the purge counts as on the bill: one for each tag, path, folder
// or "everything" (CloudFront: PayingForInvalidation).
func (p Purge) Units() int {
	if p.All {
		return 1
	}
	return len(p.Tags) + len(p.Paths) + len(p.Prefixes)
}

// Abilities are what a CDN takes.
type Abilities struct {
	TagHeader string // name of the stored header that carries tags; "" for none
	Paths     int    // single paths at once; more are folded into folders
	Prefixes  int    // folders at once; 0 when it knows none
}

// tagShare is how much of what carries a tag must have changed for the tag to be
// purged. Below that, too much that is still good would be dropped.
const tagShare = 0.5

// Choose decides what to purge for these differences. Previous is the release
// that the caches hold. Nothing changed gives an empty purge.
func Choose(diffs []deploy.Difference, previous *deploy.Manifest, can Abilities) Purge {
	var p Purge
	left := stale(diffs)
	if can.TagHeader != "" && previous != nil {
		p.Tags, left = chooseTags(left, previous, can.TagHeader)
	}
	for _, d := range left {
		p.Paths = append(p.Paths, addresses(d.Path)...)
	}
	slices.Sort(p.Paths)
	p.Paths = slices.Compact(p.Paths)
	if len(p.Paths) <= can.Paths {
		return p
	}
	p.Prefixes = fold(p.Paths, can.Prefixes)
	p.Paths = nil
	if p.Prefixes == nil {
		return Purge{All: true}
	}
	return p
}

// stale leaves out what no cache can hold wrongly: a new file that is not a page
// was never asked for. A new page may be cached as "not found".
func stale(diffs []deploy.Difference) []deploy.Difference {
	return slices.DeleteFunc(slices.Clone(diffs), func(d deploy.Difference) bool {
		return d.Reason == deploy.ReasonNew && !deploy.IsPage(d.Path)
	})
}

// addresses are all public addresses of a file: a folder's index page is also
// the folder, and a page may be asked for without its ending.
func addresses(name string) []string {
	full := "/" + name
	dir, base := path.Split(full)
	if base == "index.html" {
		if dir == "/" {
			return []string{"/", full}
		}
		return []string{strings.TrimSuffix(dir, "/"), dir, full}
	}
	if stem, ok := strings.CutSuffix(full, ".html"); ok {
		return []string{stem, full}
	}
	return []string{full}
}

// Tags reads the tags of a header set: words parted by commas or spaces.
func Tags(h deploy.Headers, header string) []string {
	return strings.FieldsFunc(h.Get(header), func(r rune) bool { return r == ',' || r == ' ' })
}

type tagUse struct {
	tag            string
	total, changed int
}

// chooseTags picks tags most of whose files have changed, the widest first, and
// returns the differences that none of them covers. Only tags that the cached
// objects carry count: a CDN does not find what it stored without one.
func chooseTags(diffs []deploy.Difference, previous *deploy.Manifest, header string) (tags []string, left []deploy.Difference) {
	uses := map[string]*tagUse{}
	for _, e := range previous.Entries {
		for _, tag := range Tags(e.Headers, header) {
			if uses[tag] == nil {
				uses[tag] = &tagUse{tag: tag}
			}
			uses[tag].total++
		}
	}
	for _, d := range diffs {
		if d.Old == nil {
			continue
		}
		for _, tag := range Tags(d.Old.Headers, header) {
			uses[tag].changed++
		}
	}
	order := slices.SortedFunc(maps.Values(uses), func(a, b *tagUse) int {
		return cmp.Or(cmp.Compare(b.changed, a.changed), cmp.Compare(a.tag, b.tag))
	})
	left = diffs
	for _, use := range order {
		if float64(use.changed) < tagShare*float64(use.total) || use.changed == 0 {
			continue
		}
		before := len(left)
		left = slices.DeleteFunc(slices.Clone(left), func(d deploy.Difference) bool {
			return d.Old != nil && slices.Contains(Tags(d.Old.Headers, header), use.tag)
		})
		if len(left) < before {
			tags = append(tags, use.tag)
		}
	}
	slices.Sort(tags)
	return tags, left
}

// fold covers paths by at most so many folders, as deep as that allows; nil when
// nothing short of the whole site does.
func fold(paths []string, most int) []string {
	var best []string
	for depth := 1; ; depth++ {
		folders := map[string]bool{}
		for _, p := range paths {
			folders[folder(p, depth)] = true
		}
		if len(folders) > most || folders["/"] {
			return best
		}
		found := slices.Sorted(maps.Keys(folders))
		if slices.Equal(found, best) {
			return best
		}
		best = found
	}
}

// folder is a path's first depth folders; "/a" (the folder itself without its
// slash) counts as part of "/a/".
func folder(p string, depth int) string {
	parts := strings.Split(strings.Trim(p, "/"), "/")
	if !strings.HasSuffix(p, "/") && len(parts) > 1 {
		parts = parts[:len(parts)-1]
	} else if !strings.HasSuffix(p, "/") && strings.Contains(parts[0], ".") {
		return "/" // a file at the root is in no folder
	}
	if parts[0] == "" {
		return "/"
	}
	return "/" + strings.Join(parts[:min(depth, len(parts))], "/") + "/"
}
