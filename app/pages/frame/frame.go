package frame

import (
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/config"
)

// Frame has the dependencies of all pages.
type Frame struct {
	Config   config.Config
	Problems *problem.Reporter
	Disk     *problem.Disk
	Log      *slog.Logger
}

// SignedIn admits editors and operators; anybody else is asked to sign in, and returns
// afterwards.
func (p *Frame) SignedIn(handle func(*Visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.Read(w, r)
		switch {
		case v.Who == nil:
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(returnPath(r)), http.StatusSeeOther)
		case v.Who.Refused != nil:
			p.Trouble(v, v.Who.Refused)
		case v.Who.Role != auth.Editor && v.Who.Role != auth.Operator:
			p.Trouble(v, v.Problem(http.StatusForbidden, "forbidden", "These pages are for editors and operators; this token is for a program."))
		default:
			handle(v)
		}
	}
}

// returnPath is the page after signing in. A form is not sent again: its sender returns to
// its site's page.
func returnPath(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if site := r.PathValue("site"); site != "" {
		return SiteLink(site)
	}
	return "/"
}

// SeenSite is the site of the address, if the visitor may see it. A site that they may not
// see gets the same answer as one that does not exist.
func (p *Frame) SeenSite(v *Visit) (string, config.Site, bool) {
	name := v.R.PathValue("site")
	conf, ok := p.Config.Sites[name]
	if !ok || !v.Who.Sees(name) {
		p.Trouble(v, v.Problem(http.StatusNotFound, "no_site", "There is no site of this name, or your token is not good for it."))
		return "", conf, false
	}
	return name, conf, true
}

// SeenRelease is the number of a release in the address.
func (p *Frame) SeenRelease(v *Visit) (int64, bool) {
	number, err := strconv.ParseInt(v.R.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		p.Trouble(v, v.Problem(http.StatusNotFound, "not_found", "A release is a number from 1."))
		return 0, false
	}
	return number, true
}

// SiteTitle is the name of a site for people.
func (p *Frame) SiteTitle(site string) string {
	if title := p.Config.Sites[site].Title; title != "" {
		return title
	}
	return site
}
