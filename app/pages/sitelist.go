package pages

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

const (
	// fewSites is up to how many sites a reader sees all at once, without a search.
	fewSites = 8
	// sitesShown bounds how many sites one page lists; the others are found by a word.
	sitesShown = 100
)

// standing sorts sites by how much they need a look.
type standing string

// The standings, in the order in which sites are listed.
const (
	needsAttention standing = "attention"
	underWay       standing = "busy"
	atRest         standing = "rest"
)

// standings are all of them, in their order.
var standings = []standing{needsAttention, underWay, atRest}

func standingOf(site view.Listed) standing {
	switch {
	case site.Condition != "":
		return needsAttention
	case site.State != release.Ready:
		return underWay
	}
	return atRest
}

func (s standing) name(l words.Language) string {
	switch s {
	case needsAttention:
		return l.Say("Needs attention")
	case underWay:
		return l.Say("Being released")
	case atRest:
		return l.Say("At rest")
	}
	return l.Say("All sites")
}

// siteForm is the search over many sites, with a filter for each standing.
type siteForm struct {
	Text    string
	Only    standing
	Filters []rows.Filter
}

// siteChoice is what a reader looks for among the sites: words that are in a site's
// name, title or address, and a standing; both "" for all.
type siteChoice struct {
	text string
	only standing
}

// choiceOf reads a choice from an address. What is no standing is none.
func choiceOf(query url.Values) siteChoice {
	c := siteChoice{text: strings.TrimSpace(query.Get("q")), only: standing(query.Get("show"))}
	if !slices.Contains(standings, c.only) {
		c.only = ""
	}
	return c
}

// link is the address of the page for a choice.
func (c siteChoice) link() string {
	query := url.Values{}
	if c.text != "" {
		query.Set("q", c.text)
	}
	if c.only != "" {
		query.Set("show", string(c.only))
	}
	if len(query) == 0 {
		return "/"
	}
	return "/?" + query.Encode()
}

// named says whether all words of the choice are in what a site is called.
func (c siteChoice) named(site view.Listed) bool {
	if c.text == "" {
		return true
	}
	called := strings.ToLower(site.Name + " " + site.Title + " " + site.URL)
	for _, word := range strings.Fields(strings.ToLower(c.text)) {
		if !strings.Contains(called, word) {
			return false
		}
	}
	return true
}

// choose gives the sites that a choice names, those that need attention first, the worst
// of them before the others, and counts them by standing whatever standing is chosen.
func choose(sites []view.Listed, c siteChoice) (chosen []view.Listed, counts map[standing]int) {
	counts = map[standing]int{}
	for _, site := range sites {
		if !c.named(site) {
			continue
		}
		s := standingOf(site)
		counts[s]++
		if c.only == "" || c.only == s {
			chosen = append(chosen, site)
		}
	}
	slices.SortStableFunc(chosen, func(a, b view.Listed) int {
		return cmp.Or(
			cmp.Compare(slices.Index(standings, standingOf(a)), slices.Index(standings, standingOf(b))),
			cmp.Compare(slices.Index(view.Conditions, a.Condition), slices.Index(view.Conditions, b.Condition)),
		)
	})
	return chosen, counts
}

// formOf is the search that a page with many sites has.
func formOf(l words.Language, c siteChoice, counts map[standing]int) *siteForm {
	form := &siteForm{Text: c.text, Only: c.only}
	all := siteChoice{text: c.text}
	form.Filters = append(form.Filters, rows.Filter{Text: standing("").name(l), Link: all.link(), Current: c.only == ""})
	for _, s := range standings {
		one := siteChoice{text: c.text, only: s}
		form.Filters = append(form.Filters, rows.Filter{Text: l.Say("%s: %d", s.name(l), counts[s]), Link: one.link(), Current: c.only == s})
	}
	return form
}
