package pages

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// siteThat is a site that stands in some way.
func siteThat(name string, s urgency) view.Listed {
	site := view.Site{Site: release.NewSite(name, release.DefaultPolicy()), Title: "Title of " + name, URL: "https://" + name + ".example.gov"}
	site.Now = time.Date(2026, time.November, 30, 12, 0, 0, 0, time.UTC)
	switch s {
	case needsAttention:
		site.Hold = release.Hold{Since: site.Now.Add(-time.Hour), Why: "no", Lifted: release.LiftedByPerson}
	case underWay:
		site.State, site.Number = release.InProgress, 1
		site.Current = release.Release{Number: 1, Times: release.Times{InProgress: site.Now, Starting: site.Now}}
	case atRest:
	}
	return site.Listed()
}

func names(sites []view.Listed) (all []string) {
	for _, s := range sites {
		all = append(all, s.Name)
	}
	return all
}

func TestSitesThatNeedAttentionComeFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sites []view.Listed
		want := map[urgency][]string{}
		for i := range rapid.IntRange(0, 30).Draw(t, "sites") {
			s := rapid.SampledFrom(urgencies).Draw(t, "stands")
			name := fmt.Sprintf("site-%02d", i)
			sites = append(sites, siteThat(name, s))
			want[s] = append(want[s], name)
		}
		chosen, counts := choose(sites, siteChoice{})
		if got := names(chosen); !slices.Equal(got, slices.Concat(want[needsAttention], want[underWay], want[atRest])) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for _, s := range urgencies {
			only, again := choose(sites, siteChoice{only: s})
			if counts[s] != len(want[s]) || again[s] != counts[s] || !slices.Equal(names(only), want[s]) {
				t.Fatalf("%s: %d, and %v; want %v", s, counts[s], names(only), want[s])
			}
		}
	})
}

func TestSitesAreFoundByNameTitleAndAddress(t *testing.T) {
	sites := []view.Listed{siteThat("library", atRest), siteThat("parks", needsAttention), siteThat("www", atRest)}
	sites[2].Title = "The City"
	for text, want := range map[string][]string{
		"lib": {"library"}, "CITY": {"www"}, "title parks": {"parks"}, "example.gov": {"parks", "library", "www"}, "library parks": nil, "": {"parks", "library", "www"},
	} {
		got, _ := choose(sites, choiceOf(url.Values{"q": {text}}))
		if !slices.Equal(names(got), want) {
			t.Errorf("%q finds %v, want %v", text, names(got), want)
		}
	}
	c := choiceOf(url.Values{"q": {" a&b "}, "show": {"busy"}})
	if c.link() != "/?q=a%26b&show=busy" || choiceOf(url.Values{"show": {"<x>"}}).link() != "/" {
		t.Errorf("the links are %q and %q", c.link(), choiceOf(url.Values{"show": {"<x>"}}).link())
	}
	form := formOf(words.Language{}, c, map[urgency]int{needsAttention: 3})
	if len(form.Filters) != 4 || form.Filters[1].Text != "Needs attention: 3" || !form.Filters[2].Current || form.Filters[0].Current {
		t.Errorf("the filters are %+v", form.Filters)
	}
}
