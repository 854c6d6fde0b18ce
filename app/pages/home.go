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
	Alerts []alert
	Sites  []siteRow
	// Form is the search, nil where there are few sites. More says that some of its hits
	// are not listed, and None that there are none.
	Form       *siteForm
	More, None bool
	// Replicas are shown to operators of all sites, where there are several.
	Replicas []replicaRow
}

// replicaRow is a process of the app among others.
type replicaRow struct {
	view.Replica
	Since *when.Moment
	Flags []view.Alert
}

type siteRow struct {
	Name, Title, Link, URL string
	StateName, Class, Text string
	// Flags are the alerts about the things that keep releases back, by their titles.
	Flags []view.Alert
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
		p.Zone = "" // each site names its own
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
		body.Alerts = []alert{{Alert: view.DiskAlert(why, since, clock)}}
	}
	if operates {
		for _, n := range h.load().Alerts(clock) {
			body.Alerts = append(body.Alerts, alert{Alert: n})
		}
		body.addReplicas(all.Replicas, clock)
	}
	p.Title, p.Body = homeTitle(v.Reader.Language, sites), body
	h.Write(v, http.StatusOK, "home", p)
}

// addReplicas adds the processes, and the alerts about them.
func (b *homeBody) addReplicas(all []view.Replica, clock when.Clock) {
	for _, n := range view.ReplicaAlerts(all, clock) {
		b.Alerts = append(b.Alerts, alert{Alert: n})
	}
	for _, one := range all {
		b.Replicas = append(b.Replicas, replicaRow{Replica: one, Since: clock.At(one.Started), Flags: one.Flags(clock.Language)})
	}
}

// homeTitle shows in a browser's tab that sites need a look.
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
	for _, n := range site.Alerts() {
		if n.Kind != "info" && n.Title != site.Condition().Name(site.Language) { // the state says the condition
			row.Flags = append(row.Flags, n)
		}
	}
	return row
}

// alert is an alert with the link to its release.
type alert struct {
	view.Alert
	Link string
}

// linked are the alerts of a site with their links.
func linked(site string, all []view.Alert) []alert {
	var out []alert
	for _, n := range all {
		one := alert{Alert: n}
		if n.Release != 0 {
			one.Link = frame.ReleaseLink(site, n.Release)
		}
		out = append(out, one)
	}
	return out
}
