package cdn

import (
	"math"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// address is an address that a cache may hold.
type address struct {
	path  string
	stale bool // the cached copy is outdated
	// fresh is the number of fresh objects at it.
	fresh int
	// cut says that path is only the start of the address, since the CDN refuses a character
	// after it: only a prefix purges it.
	cut bool
}

// tree is a sorted list of addresses, in which those with a common prefix are neighbours:
// a range of the slice is a node of their prefix tree.
type tree struct {
	addresses []address
	fresh     []int // good[i] is the sum over all addresses before i
	stale     []int
	known     bool // whether fresh has all other objects in caches
	limits    Limits

	// Costs of one path and of one prefix, raised until the limits hold.
	perPath, perPrefix, perFresh float64
}

// assumedFresh is the assumed number of fresh objects that a prefix drops, if the site's
// objects are not known.
const assumedFresh = 100

func newTree(all []address, known bool, limits Limits) *tree {
	slices.SortFunc(all, func(a, b address) int { return strings.Compare(a.path, b.path) })
	// Objects at one address count as one, which is stale if one of them is.
	merged := all[:0]
	for _, a := range all {
		if n := len(merged); n > 0 && merged[n-1].path == a.path {
			merged[n-1].stale = merged[n-1].stale || a.stale
			merged[n-1].cut = merged[n-1].cut || a.cut
			merged[n-1].fresh = max(merged[n-1].fresh, a.fresh)
			continue
		}
		merged = append(merged, a)
	}
	t := &tree{addresses: merged, known: known, limits: limits, fresh: make([]int, len(merged)+1), stale: make([]int, len(merged)+1)}
	for i, a := range merged {
		good, stale := a.fresh, 0
		if a.stale {
			good, stale = 0, 1
		}
		t.fresh[i+1], t.stale[i+1] = t.fresh[i]+good, t.stale[i]+stale
	}
	return t
}

// cover is a way to purge every stale address of a range.
type cover struct {
	cost            float64
	paths, prefixes []string
}

// cheapest finds the cheapest paths and prefixes that cover every stale address within the
// limits. Prefixes are longer than root, the length of the site's folder. false says that
// the limits allow no cover.
func (t *tree) cheapest(root int) (cover, bool) {
	prices := t.limits.Prices
	t.perPath, t.perPrefix, t.perFresh = prices.unit(), prices.unit(), prices.refetch()
	if t.stale[len(t.addresses)] == 0 {
		return cover{}, true
	}
	// Raise the cost of the kind whose limit is exceeded until the cover keeps the limit:
	// this is linear, which the exact optimum is not.
	for range 60 {
		c := t.best(0, len(t.addresses), root)
		if math.IsInf(c.cost, 1) {
			return cover{}, false
		}
		overPaths, overPrefixes := len(c.paths) > t.limits.Paths, len(c.prefixes) > t.limits.Prefixes
		switch {
		case !overPaths && !overPrefixes:
			slices.Sort(c.paths)
			slices.Sort(c.prefixes)
			return c, true
		case t.limits.Prefixes == 0:
			return cover{}, false
		case overPaths:
			t.perPath *= 2
		}
		if overPrefixes {
			t.perPrefix *= 2
		}
	}
	return cover{}, false
}

// best is the cheapest cover of the range [from, to): all addresses with a common prefix that
// is longer than parent bytes.
func (t *tree) best(from, to, parent int) cover {
	switch {
	case t.stale[to] == t.stale[from]:
		return cover{}
	case to-from == 1 && !t.addresses[from].cut:
		return cover{cost: t.perPath, paths: []string{t.addresses[from].path}}
	}
	common := commonPrefix(t.addresses[from].path, t.addresses[to-1].path)
	single := cover{cost: math.Inf(1)} // for a range of one cut address
	if first := t.addresses[from]; !first.cut || len(first.path) > len(common) {
		single = t.children(from, to, len(common))
	}
	prefix, ok := t.cut(common, parent)
	if !ok || t.limits.Prefixes == 0 {
		return single
	}
	missed := t.fresh[to] - t.fresh[from]
	if !t.known {
		missed = assumedFresh
	}
	if whole := t.perPrefix + t.perFresh*float64(missed); whole < single.cost {
		return cover{cost: whole, prefixes: []string{prefix}}
	}
	return single
}

// children covers each part of a range by itself: the address that is the common prefix, and
// the groups with the same next byte.
func (t *tree) children(from, to, common int) cover {
	var c cover
	for from < to {
		end := from + 1
		if len(t.addresses[from].path) > common {
			b := t.addresses[from].path[common]
			end = from + sort.Search(to-from, func(i int) bool { return t.addresses[from+i].path[common] > b })
		}
		part := t.best(from, end, common)
		c.cost += part.cost
		c.paths = append(c.paths, part.paths...)
		c.prefixes = append(c.prefixes, part.prefixes...)
		from = end
	}
	return c
}

// cut is the longest prefix of common that the CDN accepts; false if it is no longer than the
// parent's prefix.
func (t *tree) cut(common string, parent int) (string, bool) {
	n := len(common)
	if t.limits.AnyPrefix {
		// Not in the middle of a character, which is percent-encoded as a whole.
		for n > parent && !utf8.ValidString(common[:n]) {
			n--
		}
	} else {
		n = strings.LastIndexByte(common, '/') + 1
	}
	if n <= parent || n < 1 {
		return "", false
	}
	return common[:n], true
}

func commonPrefix(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}
