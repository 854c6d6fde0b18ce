package app

import (
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// homeBody is the list of sites that a visitor may see.
type homeBody struct {
	Notices []notice
	Sites   []siteRow
}

type siteRow struct {
	Name, Title, Link, URL string
	State, StateName, Text string
	// Flags are what keeps releases back, in a word each.
	Flags []notice
}

func (a *App) homePage(v *visit) {
	p, err := a.live(v, "")
	if err != nil {
		a.trouble(v, err)
		return
	}
	body := homeBody{}
	for _, name := range a.ledger.SiteNames() {
		if !v.who.Sees(name) {
			continue
		}
		site, err := a.ledger.Site(v.r.Context(), name)
		if err != nil {
			a.trouble(v, err)
			return
		}
		p.Busy = p.Busy || site.State != release.Ready
		pending, err := a.edgePending(v.r.Context(), site)
		if err != nil {
			a.trouble(v, err)
			return
		}
		body.Sites = append(body.Sites, a.siteRow(site, pending))
	}
	c := clockface{now: ledger.Now(), zone: time.UTC}
	if zone := a.commonZone(v.who); zone != nil {
		c.zone = zone
		p.at(c)
	} else {
		p.Zone = ""
	}
	if why, since := a.disk.Trouble(); why != "" {
		body.Notices = []notice{diskNotice(why, since, c)}
	}
	p.Title, p.Body = "Sites", body
	a.show(v, 200, "home", p)
}

// commonZone is the zone of all sites that somebody sees, nil if they differ.
func (a *App) commonZone(who *auth.Caller) *time.Location {
	var zone *time.Location
	for name, conf := range a.config.Sites {
		if !who.Sees(name) {
			continue
		}
		if zone != nil && zone.String() != conf.Location().String() {
			return nil
		}
		zone = conf.Location()
	}
	return zone
}

func (a *App) siteRow(site release.Site, pending string) siteRow {
	conf := a.config.Sites[site.Name]
	c := clockface{now: ledger.Now(), zone: conf.Location()}
	row := siteRow{
		Name: site.Name, Title: a.siteTitle(site.Name), Link: siteLink(site.Name), URL: webLink(conf.URL),
		State: string(site.State), StateName: stateName(site.State), Text: siteWords(site, c.now, c.zone),
	}
	found := notices(site, c)
	if pending != "" {
		found = append(found, edgeNotice(pending))
	}
	for _, n := range found {
		if n.Kind != "info" {
			row.Flags = append(row.Flags, n)
		}
	}
	return row
}
