package cdn

import (
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/cdn/urlpath"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/text"
)

// Change is one path that a release changed.
type Change struct {
	Path   string
	Reason plan.Reason
	// Tags are those that the object carried when a cache may have taken it,
	// not those that it carries now. A path may come several times, once for
	// each version that caches may hold.
	Tags []string
}

// Object is one that caches may hold from before the release.
type Object struct {
	Path string
	Tags []string
}

// Input is what a plan is made of.
type Input struct {
	Site     string
	Release  int64
	Sequence int64
	Changes  []Change
	// Held are all objects before the release. Nil when that isn't known: then
	// tags are not used, and prefixes only with caution.
	Held []Object

	Base string // folder of the site in its public address: "/docs"; "" for none
	// CleanURLs says that "/about" shows about.html.
	CleanURLs bool
	// NotFoundCached purges new pages too: for CDNs that keep a "not found" for
	// long, or sites that link to pages before they are there.
	NotFoundCached bool
}

// Method says how a plan purges.
type Method string

// The methods. Tags and paths may need paths and prefixes besides.
const (
	MethodNothing    Method = "nothing"
	MethodTags       Method = "tags"
	MethodPaths      Method = "paths"
	MethodEverything Method = "everything"
)

// Decision is a plan's outcome: what to purge, and why and at what price.
type Decision struct {
	Set    Set    `json:"set"`
	Method Method `json:"method"`
	// Changed are the release's changes, Stale those of them that a cache may
	// hold a wrong copy of.
	Changed int     `json:"changed"`
	Stale   int     `json:"stale"`
	Units   int     `json:"units"`
	USD     float64 `json:"usd"` // the bill, once the month's free units are used up
	Free    int     `json:"free_units_a_month,omitempty"`
	// Missed are objects dropped though they are right; -1 when unknown.
	Missed int `json:"missed"`
}

// String says the decision in one line.
func (d Decision) String() string {
	if d.Method == MethodNothing {
		return fmt.Sprintf("nothing to purge: %s, nothing of which a cache holds", text.Count(d.Changed, "change"))
	}
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{{len(d.Set.Tags), "tag", "tags"}, {len(d.Set.Paths), "path", "paths"}, {len(d.Set.Prefixes), "prefix", "prefixes"}} {
		if p.n > 0 {
			parts = append(parts, text.Plural(p.n, p.one, p.many))
		}
	}
	if d.Set.All {
		parts = []string{"everything"}
	}
	line := "purge " + strings.Join(parts, ", ")
	if d.Stale > 0 { // not at the first time, and not when a person asked for it
		line += " for " + text.Count(d.Stale, "stale file")
	}
	if d.Missed > 0 {
		line += fmt.Sprintf("; %d good ones go too", d.Missed)
	}
	if d.USD > 0 {
		line += fmt.Sprintf("; %d units, $%.3f beyond the %d free a month", d.Units, d.USD, d.Free)
	}
	return line
}

// staleObject is one version of an object that a cache may hold wrongly.
type staleObject struct {
	path      string
	tags      []string
	addresses int
}

// Plan decides what a CDN is to forget. Of the ways to reach every stale copy
// (cache tags, then addresses folded into prefixes, then everything) it takes
// the one that costs least, with the good copies that would be dropped
// reckoned as [Prices].Refetch. It is pure.
func Plan(in Input, limits Limits) Decision {
	base := urlpath.Base(in.Base)
	stale := staleObjects(in)
	d := Decision{Method: MethodNothing, Changed: len(in.Changes), Stale: countPaths(stale), Free: limits.Prices.Free}
	if len(stale) == 0 {
		return d
	}
	site := newCached(in, stale)
	best := everything(in, base, limits)
	best.Missed = site.missed(best.Set, base)
	for _, c := range candidates(in, stale, site, base, limits) {
		c.Missed = site.missed(c.Set, base)
		if !best.feasible(limits) || weight(c, limits) <= weight(best, limits) {
			best = c
		}
	}
	d.Set, d.Method, d.Missed = best.Set, best.Method, best.Missed
	d.Units = d.Set.Units()
	d.USD = float64(d.Units) * limits.Prices.Unit
	return d
}

func (d Decision) feasible(limits Limits) bool { return !d.Set.All || limits.Everything }

// weight is what a decision costs with everything reckoned.
func weight(d Decision, limits Limits) float64 {
	missed := d.Missed
	if missed < 0 {
		missed = assumedGood * len(d.Set.Prefixes)
		if d.Set.All {
			missed = 100 * assumedGood
		}
	}
	return float64(d.Set.Units())*limits.Prices.unit() + float64(missed)*limits.Prices.refetch()
}

// candidates are the ways to purge less than everything, the preferred last.
func candidates(in Input, stale []staleObject, site *cached, base string, limits Limits) []Decision {
	var out []Decision
	none := make([]bool, len(stale))
	if set, ok := site.addressSet(in, stale, none, base, limits); ok {
		out = append(out, Decision{Set: set, Method: MethodPaths})
	}
	if limits.Tags == 0 || in.Held == nil {
		return out
	}
	tags, covered := chooseTags(stale, site.goodByTag, limits)
	if len(tags) == 0 || len(tags) > limits.Tags {
		return out
	}
	if set, ok := site.addressSet(in, stale, covered, base, limits); ok {
		set.Tags = tags
		out = append(out, Decision{Set: set, Method: MethodTags})
	}
	return out
}

// everything is the last way. Below a folder of a host it is that folder, where
// the CDN can say so: other sites of the host are not ours to drop.
func everything(in Input, base string, limits Limits) Decision {
	set := Set{Site: in.Site, Release: in.Release, Sequence: in.Sequence, All: true}
	if base != "" && limits.Prefixes > 0 && !strings.ContainsAny(base, limits.Unsafe) {
		set.All, set.Paths, set.Prefixes = false, []string{base}, []string{base + "/"}
	}
	return Decision{Set: set, Method: MethodEverything}
}

// staleObjects leaves out what no cache holds wrongly: a new path was never
// there to be cached, and a dropped asset whose name holds its content's hash
// is not asked for any more and never wrong.
func staleObjects(in Input) []staleObject {
	var out []staleObject
	for _, c := range in.Changes {
		switch c.Reason {
		case plan.ReasonUnchanged:
			continue
		case plan.ReasonNew:
			if !in.NotFoundCached || !rules.IsPage(c.Path) {
				continue
			}
		case plan.ReasonGone, plan.ReasonExpired:
			if rules.IsHashed(c.Path) {
				continue
			}
		case plan.ReasonContent, plan.ReasonHeaders:
		}
		out = append(out, staleObject{path: c.Path, tags: c.Tags, addresses: len(urlpath.Of("", c.Path, in.CleanURLs))})
	}
	return out
}

func countPaths(stale []staleObject) int {
	seen := make(map[string]bool, len(stale))
	for _, s := range stale {
		seen[s.path] = true
	}
	return len(seen)
}

// Limits are what a CDN takes in one release, and what it asks for it.
type Limits struct {
	// Tags is how many cache tags a purge may name; 0 when the CDN knows none or
	// is not set up for them.
	Tags int
	// TagHeader is the stored header (or object metadata) that carries them, in
	// lower case.
	TagHeader string
	Paths     int // single addresses
	Prefixes  int // starts of addresses; 0 when the CDN knows none
	// Unsafe are characters that no single address may have, in browsers' writing: such
	// an address is reached by a prefix that ends before the first of them.
	Unsafe string
	// AnyPrefix tells that a prefix may end anywhere ("/news/a*"), not only
	// after a folder's slash.
	AnyPrefix bool
	// Everything tells that the CDN can forget all of a site at once.
	Everything bool
	Prices     Prices
}

// Prices are in US dollars.
type Prices struct {
	Unit float64 // for each tag, path, prefix or everything
	// Free units a month belong to the whole account: they are told, and not
	// taken off an estimate, since nobody knows who else uses them.
	Free int
	// Refetch is what it is taken to cost that a cached object is dropped which
	// is still right: the origin's work and one slow answer at each edge. It is
	// a weight and no bill. Zero is [DefaultRefetch].
	Refetch float64
}

// DefaultRefetch makes fifty warm objects worth as much as one unit of
// CloudFront's: a folder of forty pages is dropped whole rather than two pages
// one by one, and a site of thousands is not dropped for thirty pages.
const DefaultRefetch = 0.0001

func (p Prices) refetch() float64 {
	if p.Refetch > 0 {
		return p.Refetch
	}
	return DefaultRefetch
}

// unit is never nothing: of two sets that cost no money the shorter is better.
func (p Prices) unit() float64 { return max(p.Unit, 1e-6) }
