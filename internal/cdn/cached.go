package cdn

import (
	"strings"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
)

// cached are the objects that caches may hold and that are up to date.
type cached struct {
	known      bool
	fresh      []Object
	freshByTag map[string]int
}

func newCached(in Input, stale []staleObject) *cached {
	h := &cached{known: in.Held != nil, freshByTag: map[string]int{}}
	touched := make(map[string]bool, len(stale))
	for _, s := range stale {
		touched[s.path] = true
	}
	for _, o := range in.Held {
		if touched[o.Path] {
			continue
		}
		h.fresh = append(h.fresh, o)
		for tag := range lowered(o.Tags) {
			h.freshByTag[tag]++
		}
	}
	return h
}

// addressSet covers the stale objects that tags do not, by addresses and prefixes.
func (h *cached) addressSet(in Input, stale []staleObject, covered []bool, base string, limits Limits) (Set, bool) {
	set := Set{Site: in.Site, Release: in.Release, Sequence: in.Sequence}
	var all []address
	for i, s := range stale {
		for n, a := range urlpath.Of(base, s.path, in.CleanURLs) {
			if covered[i] {
				// Its tag drops it already: it makes no prefix dearer.
				if n == 0 {
					all = append(all, address{path: a})
				}
				continue
			}
			i := strings.IndexAny(a, limits.Unsafe)
			if i < 0 {
				all = append(all, address{path: a, stale: true})
				continue
			}
			all = append(all, address{path: a[:i], stale: true, cut: true})
		}
	}
	for _, o := range h.fresh {
		all = append(all, address{path: base + "/" + o.Path, fresh: 1})
	}
	t := newTree(all, h.known, limits)
	c, ok := t.cheapest(len(base) + 1)
	set.Paths, set.Prefixes = c.paths, c.prefixes
	return set, ok
}

// missed counts the fresh objects that a set drops; -1 if they are not known.
func (h *cached) missed(set Set, base string) int {
	switch {
	case set.All && h.known:
		return len(h.fresh)
	case !h.known && (set.All || len(set.Prefixes)+len(set.Tags) > 0):
		return -1
	}
	tags := lowered(set.Tags)
	n := 0
	for _, o := range h.fresh {
		if hasAny(o.Tags, tags) || hasPrefix(base+"/"+o.Path, set.Prefixes) {
			n++
		}
	}
	return n
}

func lowered(tags []string) map[string]bool {
	m := make(map[string]bool, len(tags))
	for _, t := range tags {
		m[strings.ToLower(t)] = true
	}
	return m
}

func hasAny(tags []string, of map[string]bool) bool {
	for _, t := range tags {
		if of[strings.ToLower(t)] {
			return true
		}
	}
	return false
}

func hasPrefix(address string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(address, p) {
			return true
		}
	}
	return false
}
