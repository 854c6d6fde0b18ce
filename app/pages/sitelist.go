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
	// fewSites is the number of sites up to which the page has no search.
	fewSites = 8
	// sitesShown bounds the sites that one page lists; the search finds the others.
	sitesShown = 100
)

// urgency says whether a site needs a look. Sites are listed and filtered by it.
type urgency string

// The urgencies, in the order of the list.
const (
	needsAttention urgency = "attention"
	underWay       urgency = "busy"
	atRest         urgency = "rest"
)

// urgencies are all urgencies in their order.
var urgencies = []urgency{needsAttention, underWay, atRest}

func urgencyOf(site view.Listed) urgency {
	switch {
	case site.Condition != "":
		return needsAttention
	case site.State != release.Ready:
		return underWay
	}
	return atRest
}

func (s urgency) name(l words.Language) string {
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

// siteForm is the search for sites, with a filter for each urgency.
type siteForm struct {
	Text    string
	Only    urgency
	Filters []rows.Filter
}

// siteChoice is a search for sites: by words of the name, title or address, and by urgency;
// both "" for all.
type siteChoice struct {
	text string
	only urgency
}

// choiceOf reads a choice from an address, without an unknown urgency.
func choiceOf(query url.Values) siteChoice {
	c := siteChoice{text: strings.TrimSpace(query.Get("q")), only: urgency(query.Get("show"))}
	if !slices.Contains(urgencies, c.only) {
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

// named says whether all words of the choice are in a site's name, title or address.
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

// choose gives the sites of a choice, by urgency and then by condition, the worst first. The
// counts are those of each urgency, without regard to the chosen one.
func choose(sites []view.Listed, c siteChoice) (chosen []view.Listed, counts map[urgency]int) {
	counts = map[urgency]int{}
	for _, site := range sites {
		if !c.named(site) {
			continue
		}
		s := urgencyOf(site)
		counts[s]++
		if c.only == "" || c.only == s {
			chosen = append(chosen, site)
		}
	}
	slices.SortStableFunc(chosen, func(a, b view.Listed) int {
		return cmp.Or(
			cmp.Compare(slices.Index(urgencies, urgencyOf(a)), slices.Index(urgencies, urgencyOf(b))),
			cmp.Compare(slices.Index(view.Conditions, a.Condition), slices.Index(view.Conditions, b.Condition)),
		)
	})
	return chosen, counts
}

// formOf is the search on a page with many sites.
func formOf(l words.Language, c siteChoice, counts map[urgency]int) *siteForm {
	form := &siteForm{Text: c.text, Only: c.only}
	all := siteChoice{text: c.text}
	form.Filters = append(form.Filters, rows.Filter{Text: urgency("").name(l), Link: all.link(), Current: c.only == ""})
	for _, s := range urgencies {
		one := siteChoice{text: c.text, only: s}
		form.Filters = append(form.Filters, rows.Filter{Text: l.Say("%s: %d", s.name(l), counts[s]), Link: one.link(), Current: c.only == s})
	}
	return form
}
