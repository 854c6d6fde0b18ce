package pages

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/app/pages/operator"
	"github.com/pressrun/pressrun/app/pages/previews"
	"github.com/pressrun/pressrun/app/pages/templates"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/text"
)

// mains caches the rendered <main> of sites' pages: hundreds of open pages are fetched at
// once after an event, and most have the same content.
type mains struct {
	mu    sync.Mutex
	sites map[siteIn]*renderedSite
}

// siteIn is a site in a language.
type siteIn struct{ name, language string }

// renderedSite has the contents that were rendered of one SiteDetail.
type renderedSite struct {
	of  *view.SiteDetail
	all map[mainOf]*renderedMain
}

// mainOf identifies a content: by the visitor whose requests come first, and by what the
// page offers.
type mainOf struct {
	operator bool
	// named is set for a sign-in of one person; several may share a token.
	named     bool
	previews  bool   // the site has previews
	mine      string // the visitor, "" for one without requests that wait
	diskWhy   string
	diskSince time.Time
}

// renderedMain is a content, rendered once.
type renderedMain struct {
	once  sync.Once
	title string
	html  []byte
	err   error
}

// keyMark is replaced by the key of the form, which each page has for itself.
var keyMark = "key-" + rand.Text()

// fill gives a site's page its content, rendered now or before for a visitor with the same
// content.
func (s *sitePages) fill(p *frame.Page, v *frame.Visit, d *view.SiteDetail) error {
	of := mainOf{operator: v.Who.Role == auth.Operator, named: v.Who.Named(), previews: previews.Offered(s.Config.Sites[d.Name])}
	if d.Concerns(v.Who.Name) {
		of.mine = v.Who.Name
	}
	of.diskWhy, of.diskSince = s.Disk.Trouble()
	one := &renderedMain{}
	if v.Reader.Zone == nil { // the page of a reader who chose a zone is not cached
		one = s.mains.of(d, of)
	}
	one.once.Do(func() { one.title, one.html, one.err = renderSite(d, of, v.Reader.Zone) })
	p.Title = one.title
	if before, after, ok := bytes.Cut(one.html, []byte(keyMark)); ok {
		p.Rendered(before, []byte(rand.Text()), after)
	}
	return one.err
}

// of is the cache's entry for a content. It drops the contents of the site's earlier
// SiteDetails.
func (m *mains) of(d *view.SiteDetail, of mainOf) *renderedMain {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sites == nil {
		m.sites = map[siteIn]*renderedSite{}
	}
	key := siteIn{d.Name, d.Language.Tag()}
	site := m.sites[key]
	if site == nil || site.of != d {
		site = &renderedSite{of: d, all: map[mainOf]*renderedMain{}}
		m.sites[key] = site
	}
	one := site.all[of]
	if one == nil {
		one = &renderedMain{}
		site.all[of] = one
	}
	return one
}

// renderSite renders a site's page without its frame. reader is the zone that somebody
// chose, nil for the site's.
func renderSite(d *view.SiteDetail, of mainOf, reader *time.Location) (title string, html []byte, err error) {
	body := siteBodyOf(*d, of.mine, reader)
	body.Key, body.Named = keyMark, of.named
	if of.diskWhy != "" {
		body.Alerts = append([]alert{{Alert: view.DiskAlert(of.diskWhy, of.diskSince, d.Clock())}}, body.Alerts...)
	}
	if of.previews {
		body.Previews = previews.Link(d.Name)
	}
	if of.operator {
		body.Operator = operator.FormsOf(d.Site)
		body.Operator.Undelivered = d.Undelivered
		body.RollbackLater = withRollbacks(body.History, *d)
		body.LiveNow.Undo = undoOf(*d)
	}
	var out bytes.Buffer
	if err := templates.In(d.Language)["site"].ExecuteTemplate(&out, "main", body); err != nil {
		return "", nil, fmt.Errorf("render the page of %s: %w", d.Name, err)
	}
	return body.Status.StateName + " · " + body.Title, text.Markup(out.Bytes()), nil
}
