package bake

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/text"
)

// The modes of a bake: how much it requests.
const (
	Full        = "full"        // everything, anew
	Conditional = "conditional" // everything, but the CMS sends no unchanged page again (RFC 9110, 13)
	Changed     = "changed"     // the pages that depend on the changes
)

// modeOf chooses the mode, and says why.
func modeOf(r *resolved, last *state.Bake, now time.Time) (mode, because string) {
	switch {
	case last == nil:
		return Full, "it is the first bake"
	case r.Full:
		return Full, "it was asked for"
	case last.Head.Settings != r.settings():
		return Full, "the settings changed since the last one"
	case now.Sub(last.Head.Full) >= r.FullEvery:
		return Full, fmt.Sprintf("the last full one was %s ago", text.Span(now.Sub(last.Head.Full)))
	case len(r.Changes) > 0:
		return Changed, "the changes are known: " + text.Shorten(strings.Join(r.Changes, ", "), 200)
	}
	return Conditional, "the changes are not known"
}

// plan is the last bake's pages, each with its planned step.
func plan(r *resolved, last *state.Bake, mode string) []*state.Page {
	if last == nil {
		return nil
	}
	stale := staleness(r, last.Pages)
	pages := make([]*state.Page, len(last.Pages))
	for i, old := range last.Pages {
		p := *old
		p.Sources = slices.Clone(old.Sources)
		switch {
		case mode == Changed && !stale(&p):
			if p.Step != state.LeftOut {
				p.Step = state.Kept
			}
		case mode == Changed:
			p.Step = state.Waiting
		default:
			again(&p, mode)
		}
		pages[i] = &p
	}
	return pages
}

// again prepares a page to be requested again. An address that had no page is left out
// until something names it.
func again(p *state.Page, mode string) {
	p.Sources = nil
	if mode == Full {
		p.ETag, p.Modified = "", ""
	}
	if !judge.Published(p) && !judge.IsRedirect(p) {
		p.Step, p.Why, p.Status = state.LeftOut, state.WhyForgotten, 0
		return
	}
	p.Step, p.Why = state.Waiting, ""
	p.Sources = []state.Source{{Kind: state.LastBake}}
}

// entries matches the lists that lead to new pages, such as sitemaps and feeds: each bake
// requests them.
var entries = regexp.MustCompile(`(^|/)(sitemap[^/]*\.xml(\.gz)?|wp-sitemap[^/]*\.xml|robots\.txt|feed|rss|atom|[^/]+\.(rss|atom))$`)

// staleness says which pages depend on the changes: those with one of the tags, the
// changed ones themselves, and, where a CMS sends no cache tags, those that link to them.
func staleness(r *resolved, pages []*state.Page) func(*state.Page) bool {
	tags, changed := map[string]bool{}, map[address.Address]bool{}
	for _, c := range r.Changes {
		if to, ok := r.origin.Given(c); ok && to.Form != address.Relative {
			a, _ := r.queries.Normalize(to.Address)
			changed[a] = true
			continue
		}
		tags[c] = true
	}
	near := map[int32]bool{}
	for _, p := range pages {
		near[p.ID] = changed[p.Address]
	}
	return func(p *state.Page) bool {
		if p.Step == state.LeftOut {
			return false
		}
		if p.Address == "/" || p.Lists || changed[p.Address] || !judge.Published(p) && !judge.IsRedirect(p) {
			return true
		}
		path := strings.Trim(p.Address.Path(), "/")
		if entries.MatchString(path) || slices.ContainsFunc(r.always, func(re *regexp.Regexp) bool { return re.MatchString(path) }) {
			return true
		}
		if slices.ContainsFunc(p.Tags, func(t string) bool { return tags[t] }) {
			return true
		}
		return len(p.Tags) == 0 && slices.ContainsFunc(p.Refs, func(ref state.Ref) bool { return near[ref.ID] })
	}
}
