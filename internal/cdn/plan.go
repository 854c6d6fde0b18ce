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
	// Tags are the tags of the old version, which a cache may hold. A path may come several
	// times, once for each such version.
	Tags []string
}

// Object is an object that caches may hold from before the release.
type Object struct {
	Path string
	Tags []string
}

// Input is the input of a plan.
type Input struct {
	Site     string
	Release  int64
	Sequence int64
	Changes  []Change
	// Held are all objects before the release; nil if they are not known: then no tags are
	// used, and prefixes cost more.
	Held []Object

	Base string // folder of the site in its public address: "/docs"; "" for none
	// CleanURLs says that the site also shows about.html at "/about".
	CleanURLs bool
	// NotFoundCached says that caches keep a "not found" for long: new pages are purged too.
	NotFoundCached bool
}

// Method says how a plan purges.
type Method string

// The methods. MethodTags may also need paths and prefixes, MethodPaths also prefixes.
const (
	MethodNothing    Method = "nothing"
	MethodTags       Method = "tags"
	MethodPaths      Method = "paths"
	MethodEverything Method = "everything"
)

// Decision is the result of a plan: the set to purge, the reasons and the price.
type Decision struct {
	Set    Set    `json:"set"`
	Method Method `json:"method"`
	// Changed is the number of the release's changes, Stale that of the paths of which a
	// cache may hold an old copy.
	Changed int     `json:"changed"`
	Stale   int     `json:"stale"`
	Units   int     `json:"units"`
	USD     float64 `json:"usd"` // the bill, once the month's free units are used up
	Free    int     `json:"free_units_a_month,omitempty"`
	// Missed is the number of fresh objects that the purge drops too; -1 if not known.
	Missed int `json:"missed"`
}

// String is the decision in one line.
func (d Decision) String() string {
	if d.Method == MethodNothing {
		return fmt.Sprintf("nothing to purge: %s, none of which a cache holds", text.Count(d.Changed, "change"))
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
	if d.Stale > 0 { // 0 for the first purge, and for one that a person requested
		line += " for " + text.Count(d.Stale, "stale file")
	}
	if d.Missed > 0 {
		line += fmt.Sprintf("; %d fresh ones go too", d.Missed)
	}
	if d.USD > 0 {
		line += fmt.Sprintf("; %d units, $%.3f beyond the %d free a month", d.Units, d.USD, d.Free)
	}
	return line
}

// staleObject is an old version of an object that a cache may hold.
type staleObject struct {
	path      string
	tags      []string
	addresses int
}

// Plan chooses the cheapest set that purges every stale copy: cache tags, addresses merged
// into prefixes, or everything. Each fresh copy that it drops costs [Prices].Refetch. It is
// pure.
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

// weight is the cost of a decision with the fresh copies that it drops, in US dollars.
func weight(d Decision, limits Limits) float64 {
	missed := d.Missed
	if missed < 0 {
		missed = assumedFresh * len(d.Set.Prefixes)
		if d.Set.All {
			missed = 100 * assumedFresh
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
	tags, covered := chooseTags(stale, site.freshByTag, limits)
	if len(tags) == 0 || len(tags) > limits.Tags {
		return out
	}
	if set, ok := site.addressSet(in, stale, covered, base, limits); ok {
		set.Tags = tags
		out = append(out, Decision{Set: set, Method: MethodTags})
	}
	return out
}

// everything purges the whole site: its folder on the host, if it has one and the CDN can
// purge folders, since the rest of the host belongs to other sites.
func everything(in Input, base string, limits Limits) Decision {
	set := Set{Site: in.Site, Release: in.Release, Sequence: in.Sequence, All: true}
	if base != "" && limits.Prefixes > 0 && !strings.ContainsAny(base, limits.Unsafe) {
		set.All, set.Paths, set.Prefixes = false, []string{base}, []string{base + "/"}
	}
	return Decision{Set: set, Method: MethodEverything}
}

// staleObjects leaves out changes of which no cache holds a stale copy: a new path was never
// cached, and a dropped asset with a hash in its name is never stale.
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

// Limits are a CDN's limits for the purge of one release, and its prices.
type Limits struct {
	// Tags is the most cache tags in a purge; 0 for a CDN without tags, or not set up for
	// them.
	Tags int
	// TagHeader is the stored header (or object metadata) that carries the tags, in lower case.
	TagHeader string
	Paths     int // single addresses
	Prefixes  int // starts of addresses; 0 for a CDN without them
	// Unsafe are characters that the CDN refuses in a single address: a prefix that ends
	// before the first of them purges such an address.
	Unsafe string
	// AnyPrefix says that a prefix may end anywhere ("/news/a*"), not only
	// after a folder's slash.
	AnyPrefix bool
	// Everything says that the CDN can purge a whole site at once.
	Everything bool
	Prices     Prices
}

// Prices are in US dollars.
type Prices struct {
	Unit float64 // for each tag, path, prefix or everything
	// Free is the free units a month of the whole account. They are shown, but not
	// deducted from an estimate, since others may use them.
	Free int
	// Refetch is the assumed cost of dropping a fresh object: the origin's work and a slow
	// answer at each edge location. No bill has it. Zero is defaultRefetch.
	Refetch float64
}

// defaultRefetch makes fifty fresh objects cost as much as one unit of CloudFront's: one
// purge of a folder of forty pages is cheaper than two of pages, and a purge of a site of
// thousands dearer than thirty.
const defaultRefetch = 0.0001

func (p Prices) refetch() float64 {
	if p.Refetch > 0 {
		return p.Refetch
	}
	return defaultRefetch
}

// unit is never zero: of two sets that are free the shorter is better.
func (p Prices) unit() float64 { return max(p.Unit, 1e-6) }
