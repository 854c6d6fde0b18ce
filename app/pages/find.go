package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/rows"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// shownFound bounds the hits of a search.
const shownFound = 50

// findPages show the search for requests and changes: by title, address, author or number.
type findPages struct {
	*frame.Frame
	view *view.Reader
}

// findForm is the search box, and the filters beside it.
type findForm struct {
	Site, Text string
	Filters    []rows.Filter
}

// findBody is the page of a search.
type findBody struct {
	Title, Summary string
	Find           findForm
	Release        *frame.Crumb
	Rows           []foundRow
	More           bool
}

// foundRow is a hit: a request, or a change that no request covers yet.
type foundRow struct {
	ID, Link, What, Who, Edit string
	Answer, Class, Text       string
	Since                     *when.Moment
}

func findFormOf(l words.Language, site, sought string, current view.Filter) findForm {
	f := findForm{Site: site, Text: sought}
	for _, filter := range view.Filters {
		if filter == view.All && sought == "" {
			continue // a search for no words finds nothing
		}
		query := url.Values{}
		if sought != "" {
			query.Set("q", sought)
		}
		if filter != view.All {
			query.Set("show", string(filter))
		}
		f.Filters = append(f.Filters, rows.Filter{
			Text: l.Say(string(filterName(filter))), Link: frame.SiteLink(site) + "/find?" + query.Encode(), Current: filter == current,
		})
	}
	return f
}

func filterName(f view.Filter) words.Key {
	switch f {
	case view.Mine:
		return words.Key("Mine")
	case view.Open:
		return words.Key("Not live yet")
	case view.Today:
		return words.Key("Live today")
	case view.All:
	}
	return words.Key("Everything")
}

func (f *findPages) show(v *frame.Visit) {
	name, _, ok := f.SeenSite(v)
	if !ok {
		return
	}
	search, err := searchOf(v)
	if err != nil {
		f.Trouble(v, err)
		return
	}
	found, err := f.view.Find(v.R.Context(), name, search)
	if err != nil {
		f.Trouble(v, err)
		return
	}
	p := frame.LivePage(name, found.Instant, found.Clock())
	body := findBodyOf(found, search)
	p.Title, p.Body = cmp.Or(text.Shorten(search.Text, 60), v.Say(string(filterName(search.Filter))))+" · "+found.Title, body
	p.Crumbs = []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}, {Text: found.Title, Link: frame.SiteLink(name)}}
	f.Write(v, http.StatusOK, "find", p)
}

// searchOf reads the search in the address.
func searchOf(v *frame.Visit) (view.Search, error) {
	query := v.R.URL.Query()
	search := view.Search{Text: strings.TrimSpace(query.Get("q")), Filter: view.Filter(query.Get("show")), Who: v.Who.Name, Limit: shownFound}
	if !slices.Contains(view.Filters, search.Filter) {
		return search, v.Problem(http.StatusUnprocessableEntity, "invalid", "“show” is mine, waiting or today.")
	}
	if len(search.Text) > 300 {
		return search, v.Problem(http.StatusUnprocessableEntity, "invalid", "A search has 300 bytes at most.")
	}
	return search, nil
}

func findBodyOf(found view.Found, search view.Search) findBody {
	c, l := found.Clock(), found.Language
	b := findBody{Title: l.Say("Find my page"), Find: findFormOf(l, found.Name, search.Text, search.Filter), More: found.More}
	if found.Release != 0 {
		b.Release = &frame.Crumb{Text: releaseText(l, found.Release), Link: frame.ReleaseLink(found.Name, found.Release)}
	}
	for _, change := range found.Changes {
		b.Rows = append(b.Rows, foundRow{
			ID: change.ID, What: cmp.Or(change.Title, change.Entity, l.Say("Something")), Link: view.WebLink(change.Link), Who: change.Actor,
			Answer: l.Say("Changed, not asked for yet"), Class: "quiet", Text: goesOut(found, c), Since: c.At(change.ChangedAt),
		})
	}
	for _, r := range found.Requests {
		answer := r.Answer()
		b.Rows = append(b.Rows, foundRow{
			ID: r.ID, Link: frame.RequestLink(r.ID), What: view.Subject(l, r.Request), Who: view.Asker(l, r.Request), Edit: view.WebLink(r.Link),
			Answer: answer.Name, Class: answer.Class, Text: whenLive(r, c), Since: c.At(r.AcceptedAt),
		})
	}
	b.Summary = foundText(l, len(b.Rows), search, b.Release != nil)
	return b
}

// goesOut says when a change that no request covers will be released.
func goesOut(found view.Found, c when.Clock) string {
	if found.Asks.IsZero() {
		return c.Language.Say("It goes out with the next release.")
	}
	return c.Language.Say("It goes out with the next release, at %s at the latest.", c.Minute(found.Asks))
}

// whenLive says when a request went or goes live.
func whenLive(r view.Request, c when.Clock) string {
	if around := c.Around(r.Within()); around != "" && r.Resolution.Status != release.Live {
		return c.Language.Say("Live %s.", around)
	}
	return r.StateText()
}

func foundText(l words.Language, n int, search view.Search, numbered bool) string {
	switch {
	case n == 0 && numbered:
		return l.Say("One release has this number:")
	case n == 0 && search.Text == "" && search.Filter == view.All:
		return l.Say("Write a word of the title, the address, the author or a number.")
	case n == 0 && search.Filter != view.All:
		return l.Say("Nothing was found under “%s”.", l.Say(string(filterName(search.Filter))))
	case n == 0:
		return l.Say("Nothing was found. Nobody has asked for a release of it here, and no change of it was heard of.")
	}
	return l.Say("%d hits, the newest first.", n)
}
