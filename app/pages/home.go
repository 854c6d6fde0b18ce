package pages

import (
	"net/http"
	"time"

	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/release"
)

// home is the list of sites.
type home struct {
	*Pages
	view *view.Reader
}

// homeBody is the list of sites that a visitor may see.
type homeBody struct {
	Notices []notice
	Sites   []siteRow
}

type siteRow struct {
	Name, Title, Link, URL string
	State, StateName, Text string
	// Flags are what keeps releases back, in a word each.
	Flags []view.Notice
}

func (h *home) show(v *visit) {
	at, sites, err := h.view.Sites(v.r.Context(), v.who.Sees)
	if err != nil {
		h.trouble(v, err)
		return
	}
	zone := commonZone(sites)
	clock := view.Clock{Now: at.Now, Zone: time.UTC}
	if zone != nil {
		clock.Zone = zone
	}
	p := livePage("", at, clock.Zone)
	if zone == nil {
		p.Zone = "" // each site tells its own
	}
	body := homeBody{}
	for _, site := range sites {
		p.Busy = p.Busy || site.State != release.Ready
		body.Sites = append(body.Sites, rowOf(site))
	}
	if why, since := h.disk.Trouble(); why != "" {
		body.Notices = []notice{{Notice: view.DiskNotice(why, since, clock)}}
	}
	p.Title, p.Body = "Sites", body
	h.write(v, http.StatusOK, "home", p)
}

// commonZone is the zone of all sites, nil if they differ or there is none.
func commonZone(sites []view.Site) *time.Location {
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
		Name: site.Name, Title: site.Title, Link: siteLink(site.Name), URL: view.WebLink(site.URL),
		State: string(site.State), StateName: view.StateName(site.State), Text: site.StateText(),
	}
	for _, n := range site.Notices() {
		if n.Kind != "info" {
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
			one.Link = releaseLink(site, n.Release)
		}
		out = append(out, one)
	}
	return out
}
