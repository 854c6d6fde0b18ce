package crawl

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/rewrite"
	"github.com/pressrun/pressrun/internal/bake/state"
)

// frontier has the known pages of the site, and the queue of addresses to request. It
// decides, and sends no request.
type frontier struct {
	options *Options
	pages   []*state.Page
	by      map[address.Address]*state.Page
	queue   []*state.Page
	alike   map[string]int
	variant map[string]int
	asked   int
	dirty   []*state.Page // changed since they were last written down
}

func newFrontier(o *Options, pages []*state.Page) *frontier {
	f := &frontier{options: o, pages: pages, by: make(map[address.Address]*state.Page, len(pages)), alike: map[string]int{}, variant: map[string]int{}}
	for _, p := range pages {
		f.by[p.Address] = p
		if p.Step == state.LeftOut {
			continue
		}
		f.asked++
		if p.QueryKind == address.Variant {
			f.variant[p.Address.Path()]++
		}
		if p.Step == state.Waiting {
			f.queue = append(f.queue, p)
		}
	}
	return f
}

// listed says whether a kind of source lists pages on purpose: its addresses are
// requested, however many they are.
func listed(kind string) bool {
	switch kind {
	case state.Link, state.Loaded, state.Mention, state.Redirect:
		return false
	}
	return true
}

// add takes note of an address and of a source that names it, and returns its page.
func (f *frontier) add(a address.Address, from state.Source, depth int) *state.Page {
	a, kind := f.options.Queries.Normalize(a)
	p, known := f.by[a]
	if known {
		changed := p.Add(from)
		if depth < p.Depth {
			p.Depth, changed = depth, true
		}
		if p.Step == state.LeftOut && changed && (listed(from.Kind) || p.Why == state.WhyForgotten) {
			f.admit(p, from)
		}
		if changed {
			f.dirty = append(f.dirty, p)
		}
		return p
	}
	p = &state.Page{Address: a, QueryKind: kind, Sources: []state.Source{from}, Depth: depth, ID: int32(len(f.pages))} //nolint:gosec // G115: memory ends before the ids do
	f.pages, f.by[a] = append(f.pages, p), p
	f.admit(p, from)
	f.dirty = append(f.dirty, p)
	return p
}

// admit queues a page, or says why it is left out.
func (f *frontier) admit(p *state.Page, from state.Source) {
	if p.Why = f.leftOut(p, from); p.Why != "" {
		p.Step = state.LeftOut
		return
	}
	p.Step = state.Waiting
	f.asked++
	f.queue = append(f.queue, p)
}

func (f *frontier) leftOut(p *state.Page, from state.Source) string {
	path := p.Address.Path()
	for _, re := range f.options.Exclude {
		if re.MatchString(strings.Trim(path, "/")) {
			return state.WhyExclude
		}
	}
	switch {
	case p.QueryKind == address.Unknown:
		return state.WhyQuery
	case len(p.Address) > maxAddress:
		return fmt.Sprintf("it is longer than %d bytes", maxAddress)
	case f.asked >= f.options.MaxPages:
		return state.WhyTooMany
	case p.QueryKind == address.Variant && f.variant[path] >= maxVariants:
		return fmt.Sprintf("there are more than %d versions of the file", maxVariants)
	}
	if p.QueryKind == address.Variant {
		f.variant[path]++
	}
	if listed(from.Kind) {
		return ""
	}
	return f.trap(p)
}

// trap says why an address that only links name is not followed: they lead on for ever.
func (f *frontier) trap(p *state.Page) string {
	if p.Depth > maxDepth {
		return fmt.Sprintf("it is more than %d links away from what is listed", maxDepth)
	}
	parts := strings.Split(p.Address.Path(), "/")
	count := map[string]int{}
	for _, part := range parts {
		if part == "" {
			continue
		}
		if count[part]++; count[part] > maxRepeats {
			return "parts of its path come again and again"
		}
	}
	shape := shapeOf(string(p.Address))
	if shape == string(p.Address) {
		return ""
	}
	most := maxAlike
	if strings.Count(shape, "N") > 1 {
		most = maxCalendar
	}
	if f.alike[shape]++; f.alike[shape] > most {
		return fmt.Sprintf("only links name it, and they lead to more than %d addresses that differ in numbers alone, as an endless calendar does (%s)", most, shape)
	}
	return ""
}

// shapeOf is an address with each number as N.
func shapeOf(a string) string {
	var b strings.Builder
	number := false
	for i := range len(a) {
		digit := a[i] >= '0' && a[i] <= '9'
		switch {
		case !digit:
			b.WriteByte(a[i])
		case !number:
			b.WriteByte('N')
		}
		number = digit
	}
	return b.String()
}

// addNamed adds the addresses that an answer names.
func (f *frontier) addNamed(p *state.Page, found []found) {
	seen := make(map[state.Ref]bool, len(found))
	p.Refs = p.Refs[:0:0]
	for _, n := range found {
		depth := p.Depth + 1
		if listed(n.kind) {
			depth = 0
		}
		to := f.add(n.address, state.Source{Kind: n.kind, From: p.Address}, depth)
		ref := state.Ref{ID: to.ID, Use: n.use}
		if !seen[ref] && to != p {
			seen[ref] = true
			p.Refs = append(p.Refs, ref)
		}
	}
}

// addUnchanged adds the addresses that an unchanged answer names.
func (f *frontier) addUnchanged(p *state.Page) {
	for _, ref := range p.Refs {
		if int(ref.ID) >= len(f.pages) {
			continue
		}
		kind, depth := kindOf(ref.Use), p.Depth+1
		if p.Lists {
			kind, depth = state.Sitemap, 0
		}
		f.add(f.pages[ref.ID].Address, state.Source{Kind: kind, From: p.Address}, depth)
	}
}

func kindOf(use rewrite.Use) string {
	switch use {
	case rewrite.Link:
		return state.Link
	case rewrite.Resource:
		return state.Loaded
	case rewrite.Metadata, rewrite.Submission, rewrite.InText, rewrite.BareHost:
	}
	return state.Mention
}

// found is an address that an answer names.
type found struct {
	address address.Address
	use     rewrite.Use
	kind    string // of source
}

func (f *frontier) next() *state.Page {
	if len(f.queue) == 0 {
		return nil
	}
	p := f.queue[0]
	f.queue = f.queue[1:]
	return p
}

// changed are the pages to write down, each once, by ID: a new one comes after those that
// were known before it.
func (f *frontier) changed() []*state.Page {
	out := f.dirty
	f.dirty = nil
	slices.SortFunc(out, func(a, b *state.Page) int { return cmp.Compare(a.ID, b.ID) })
	return slices.Compact(out)
}
