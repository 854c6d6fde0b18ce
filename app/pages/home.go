package pages

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// home is the list of sites.
type home struct {
	*frame.Frame
	view *view.Reader
	load func() view.Load
}

// homeBody is the list of sites that a visitor may see.
type homeBody struct {
	Notices []notice
	Sites   []siteRow
	// Form is the search, nil where there are few sites. More says that some of what it
	// found is not listed, and None that it found nothing.
	Form       *siteForm
	More, None bool
	// Replicas are shown to operators of all sites, where there are several.
	Replicas []replicaRow
}

// replicaRow is a process of the app among others.
type replicaRow struct {
	view.Replica
	Since *when.Moment
	Flags []view.Notice
}

type siteRow struct {
	Name, Title, Link, URL string
	StateName, Class, Text string
	// Flags are what keeps releases back, in a word each.
	Flags []view.Notice
}

func (h *home) show(v *frame.Visit) {
	operates := v.Who.Role == auth.Operator && len(v.Who.Sites) == 0
	all, err := h.view.List(v.R.Context(), v.Who.Sees, operates)
	if err != nil {
		h.Trouble(v, err)
		return
	}
	at, sites := all.Instant, all.Sites
	zone := commonZone(sites)
	clock := when.Clock{Now: at.Now, Zone: v.Zone(time.UTC), Language: v.Reader.Language}
	if zone != nil {
		clock.Zone = zone
	}
	p := frame.LivePage("", at, clock)
	if zone == nil && v.Reader.Zone == nil {
		p.Zone = "" // each site tells its own
	}
	body := homeBody{}
	choice := choiceOf(v.R.URL.Query())
	chosen, counts := choose(sites, choice)
	if len(sites) > fewSites {
		body.Form = formOf(v.Reader.Language, choice, counts)
		body.More, body.None = len(chosen) > sitesShown, len(chosen) == 0
	}
	for _, one := range chosen[:min(len(chosen), sitesShown)] {
		site := all.Site(v.R.Context(), one)
		p.Busy = p.Busy || site.State != release.Ready
		body.Sites = append(body.Sites, rowOf(site))
	}
	if why, since := h.Disk.Trouble(); why != "" {
		body.Notices = []notice{{Notice: view.DiskNotice(why, since, clock)}}
	}
	if operates {
		for _, n := range h.load().Notices(clock) {
			body.Notices = append(body.Notices, notice{Notice: n})
		}
		body.tellReplicas(all.Replicas, clock)
	}
	p.Title, p.Body = homeTitle(v.Reader.Language, sites), body
	h.Write(v, http.StatusOK, "home", p)
}

// tellReplicas tells which processes there are, and what is wrong with them.
func (b *homeBody) tellReplicas(all []view.Replica, clock when.Clock) {
	for _, n := range view.ReplicaNotices(all, clock) {
		b.Notices = append(b.Notices, notice{Notice: n})
	}
	for _, one := range all {
		b.Replicas = append(b.Replicas, replicaRow{Replica: one, Since: clock.At(one.Started), Flags: one.Flags(clock.Language)})
	}
}

// homeTitle says in a browser's tab that a site needs a look.
func homeTitle(l words.Language, sites []view.Listed) string {
	count := map[view.Condition]int{}
	for _, site := range sites {
		count[site.Condition]++
	}
	var parts []string
	for _, c := range view.Conditions {
		if n := count[c]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ToLower(c.Name(l))))
		}
	}
	if len(parts) == 0 {
		return l.Say("Sites")
	}
	return strings.Join(parts, ", ") + " · " + l.Say("Sites")
}

// commonZone is the zone of all sites, nil if they differ or there is none.
func commonZone(sites []view.Listed) *time.Location {
	var zone *time.Location
	for _, site := range sites {
		if zone != nil && zone.String() != site.Zone.String() {
			return nil
		}
		zone = site.Zone
	}
	return zone
}

func rowOf(site view.Site) siteRow {
	row := siteRow{
		Name: site.Name, Title: site.Title, Link: frame.SiteLink(site.Name), URL: view.WebLink(site.URL),
		StateName: view.EditorsHeadline(site).Name, Class: site.Headline().Class, Text: view.BesideHeadline(site),
	}
	for _, n := range site.Notices() {
		if n.Kind != "info" && n.Title != site.Condition().Name(site.Language) { // which the state has said
			row.Flags = append(row.Flags, n)
		}
	}
	return row
}

// notice is a notice with where it leads.
type notice struct {
	view.Notice
	Link string
}

// linked are the notices of a site.
func linked(site string, all []view.Notice) []notice {
	var out []notice
	for _, n := range all {
		one := notice{Notice: n}
		if n.Release != 0 {
			one.Link = frame.ReleaseLink(site, n.Release)
		}
		out = append(out, one)
	}
	return out
}
