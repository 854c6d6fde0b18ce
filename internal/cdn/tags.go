package cdn

import (
	"container/heap"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Tags are the cache tags in the named header: words separated by commas or spaces. Words
// that CDNs refuse (longer than 256 bytes, not printable ASCII, or with a star) are left
// out: nothing is cached under them.
func Tags(h store.Headers, header string) []string {
	if header == "" {
		return nil
	}
	tags := strings.FieldsFunc(h.Get(header), func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	return slices.DeleteFunc(tags, func(t string) bool { return !validTag(t) })
}

// validTag says whether CDNs accept a tag: CloudFront takes ASCII 33 to 126 without a
// comma, at most 256 characters, and no wildcard (Developer Guide, "Invalidate by tag").
func validTag(t string) bool {
	if t == "" || len(t) > 256 {
		return false
	}
	for _, c := range []byte(t) {
		if c < 33 || c > 126 || c == ',' || c == '*' {
			return false
		}
	}
	return true
}

// tagChoice is a tag with the effects of purging it.
type tagChoice struct {
	tag    string
	covers []int // stale objects that carry it
	cost   float64
	gain   float64 // what it saves, as last computed
}

// gains is a heap of tags, the one that saves most first.
type gains []*tagChoice

func (g gains) Len() int { return len(g) }
func (g gains) Less(i, j int) bool {
	if g[i].gain != g[j].gain {
		return g[i].gain > g[j].gain
	}
	return g[i].tag < g[j].tag
}
func (g gains) Swap(i, j int) { g[i], g[j] = g[j], g[i] }

// Push is for container/heap.
func (g *gains) Push(x any) { *g = append(*g, x.(*tagChoice)) }

// Pop is for container/heap.
func (g *gains) Pop() any {
	last := (*g)[len(*g)-1]
	*g = (*g)[:len(*g)-1]
	return last
}

// chooseTags picks tags that cost less than the addresses which they replace, the one that
// saves most first (the greedy algorithm for set cover). covered says which of the stale
// objects they cover.
func chooseTags(stale []staleObject, held map[string]int, limits Limits) (tags []string, covered []bool) {
	covered = make([]bool, len(stale))
	choices := tagChoices(stale, held, limits.Prices)
	saving := func(c *tagChoice) float64 {
		spared := 0
		for _, i := range c.covers {
			if !covered[i] {
				spared += stale[i].addresses
			}
		}
		return float64(spared)*limits.Prices.unit() - c.cost
	}
	for _, c := range choices {
		c.gain = saving(c)
	}
	heap.Init(&choices)
	for choices.Len() > 0 {
		c := choices[0]
		// A tag's gain only shrinks as others are chosen, so it is enough to recompute
		// the first until it stays first.
		if now := saving(c); now < c.gain {
			c.gain = now
			heap.Fix(&choices, 0)
			continue
		}
		if c.gain < 0 {
			break
		}
		heap.Pop(&choices)
		tags = append(tags, c.tag)
		for _, i := range c.covers {
			covered[i] = true
		}
	}
	slices.Sort(tags)
	return tags, covered
}

// tagChoices are the tags that stale objects carry. CDNs ignore the case of tags.
func tagChoices(stale []staleObject, held map[string]int, prices Prices) gains {
	byTag := map[string]*tagChoice{}
	var out gains
	for i, s := range stale {
		for _, tag := range s.tags {
			tag = strings.ToLower(tag)
			c := byTag[tag]
			if c == nil {
				c = &tagChoice{tag: tag}
				byTag[tag] = c
				out = append(out, c)
			}
			if n := len(c.covers); n == 0 || c.covers[n-1] != i {
				c.covers = append(c.covers, i)
			}
		}
	}
	for _, c := range out {
		c.cost = prices.unit() + prices.refetch()*float64(max(0, held[c.tag]))
	}
	return out
}
