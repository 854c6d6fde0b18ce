package app

import (
	"bytes"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
)

// pageRoutes are the editors' pages. They are whole without JavaScript: every
// act is a form, every answer a page.
func (a *App) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", a.signedIn(a.homePage))
	mux.HandleFunc("GET /sites/{site}", a.signedIn(a.sitePage))
	mux.HandleFunc("GET /sites/{site}/{act}", a.signedIn(a.confirmPage))
	mux.HandleFunc("POST /sites/{site}/{act}", a.signedIn(a.actOnPage))
	mux.HandleFunc("POST /sites/{site}/requests", a.signedIn(a.askOnPage))
	mux.HandleFunc("GET /sites/{site}/releases/{number}", a.signedIn(a.releasePage))
	mux.HandleFunc("GET /sites/{site}/releases/{number}/log", a.signedIn(a.logPage))
	mux.HandleFunc("GET /requests/{id}", a.signedIn(a.requestPage))
	mux.HandleFunc("GET /signin", a.signInPage)
	mux.HandleFunc("POST /signin", a.signIn)
	mux.HandleFunc("POST /signout", a.signOut)
	mux.HandleFunc("GET /assets/{name}", serveAsset)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { a.unknown(mux, w, r) })
}

// visit is one call of a page by somebody who may see pages.
type visit struct {
	w   http.ResponseWriter
	r   *http.Request
	who *auth.Caller
}

// signedIn lets editors and operators through; anybody else is asked to sign
// in, and comes back afterwards.
func (a *App) signedIn(page func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := &visit{w: w, r: r, who: auth.From(r.Context())}
		switch {
		case v.who == nil:
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(returnPath(r)), http.StatusSeeOther)
		case v.who.Role != auth.Editor && v.who.Role != auth.Operator:
			a.trouble(v, problem.New(http.StatusForbidden, "forbidden", "These pages are for editors and operators; this token is for a program."))
		default:
			page(v)
		}
	}
}

// returnPath is where somebody goes on after signing in. A form that was sent
// is not sent again: its site's page is where it began.
func returnPath(r *http.Request) string {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return r.URL.RequestURI()
	}
	if site := r.PathValue("site"); site != "" {
		return siteLink(site)
	}
	return "/"
}

// seenSite is the site of the address, if the visitor may see it. What is
// hidden from a visitor looks as if it did not exist.
func (a *App) seenSite(v *visit) (string, config.Site, bool) {
	name := v.r.PathValue("site")
	conf, ok := a.config.Sites[name]
	if !ok || !v.who.Sees(name) {
		a.trouble(v, problem.New(http.StatusNotFound, "no_site", "There is no site of this name, or your token is not good for it."))
		return "", conf, false
	}
	return name, conf, true
}

// seenRelease is the number of a release in the address.
func (a *App) seenRelease(v *visit) (int64, bool) {
	number, err := strconv.ParseInt(v.r.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		a.trouble(v, problem.New(http.StatusNotFound, "not_found", "A release is a number from 1."))
		return 0, false
	}
	return number, true
}

// page is what the layout needs of every page.
type page struct {
	Title string
	// Crumbs lead back from this page to the list of sites.
	Crumbs []crumb
	Who    string
	// SignOut is false where nobody signs in.
	SignOut bool
	// Events is the stream that tells when the page is out of date, After the
	// last event that it has seen; empty for a page that does not change.
	Events string
	After  int64
	Kinds  string
	// Busy says that something is going on, so that it is looked at often.
	Busy bool
	// Still is set when a reader without JavaScript asked for no reloading.
	Still bool
	Now   *moment
	Zone  string
	Body  any
}

type crumb struct{ Text, Link string }

// Reload is how often, in seconds, the page of a browser without JavaScript
// reloads; 0 is never. A page at rest is left alone, so that nobody's typing
// is lost.
func (p page) Reload() int {
	if p.Events == "" || p.Still || !p.Busy {
		return 0
	}
	return 30
}

// show renders a page. What went wrong before is told by trouble instead.
func (a *App) show(v *visit, status int, name string, p page) {
	if v.who != nil {
		p.Who = v.who.Name
		p.SignOut = a.config.Pages.Access != config.AccessLoopback
	}
	p.Still = v.r.URL.Query().Get("still") != ""
	a.render(v.w, status, name, p)
}

// render writes a page out.
func (a *App) render(w http.ResponseWriter, status int, name string, p page) {
	var out bytes.Buffer
	if err := templates[name].Execute(&out, p); err != nil {
		a.log.Error("a page can't be rendered", "page", name, "error", err)
		http.Error(w, "This page can't be shown: the log of the app tells more.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(harmless(out.Bytes())) // the reader may have gone
}

// live says which events make a page out of date. It is called before the
// page's data is read, so that no event falls between.
func (a *App) live(v *visit, site string) (page, error) {
	after, err := a.ledger.LastEvent(v.r.Context())
	if err != nil {
		return page{}, err
	}
	query := url.Values{}
	if site != "" {
		query.Set("site", site)
	}
	p := page{Events: "/v1/events?" + query.Encode(), After: after, Kinds: eventKinds()}
	p.at(clockface{now: ledger.Now(), zone: a.config.Sites[site].Location()})
	return p, nil
}

// at stamps the page with the time and zone that it speaks in.
func (p *page) at(c clockface) { p.Now, p.Zone = c.at(c.now), c.zone.String() }

// trouble shows an error as a page.
func (a *App) trouble(v *visit, err error) {
	p := a.problems.Of(v.r.Context(), err)
	back := crumb{Text: "All sites", Link: "/"}
	site := v.r.PathValue("site")
	if _, known := a.config.Sites[site]; known && v.who != nil && v.who.Sees(site) {
		back = crumb{Text: "Back to " + a.siteTitle(site), Link: siteLink(site)}
	}
	title := troubleTitle(p.Status)
	if why, _ := a.disk.Trouble(); p.Status == http.StatusServiceUnavailable && why != "" {
		title = "Nothing can be saved at the moment"
	}
	a.show(v, p.Status, "trouble", page{Title: title, Body: troubleBody{Title: title, Text: sentence(p.Error()), Back: back}})
}

type troubleBody struct {
	Title, Text string
	Back        crumb
}

func troubleTitle(status int) string {
	switch status {
	case http.StatusNotFound:
		return "There is no such page"
	case http.StatusForbidden:
		return "You may not do this"
	case http.StatusConflict:
		return "This can't be done now"
	case http.StatusServiceUnavailable:
		return "Pressrun can't answer at the moment"
	case http.StatusMisdirectedRequest:
		return "This is not Pressrun's address"
	case http.StatusBadGateway:
		return "This can't be had at the moment"
	case http.StatusInternalServerError:
		return "Something went wrong here"
	default:
		return "This can't be done like that"
	}
}

// unknown answers what no route takes: people get a page, programs a problem.
func (a *App) unknown(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1" && !strings.HasPrefix(r.URL.Path, "/v1/") {
		v := &visit{w: w, r: r, who: auth.From(r.Context())}
		a.trouble(v, problem.New(http.StatusNotFound, "not_found", "The address may be mistyped, or what it named is gone."))
		return
	}
	if allowed := otherMethods(mux, r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		a.problems.Write(w, r, problem.New(http.StatusMethodNotAllowed, "invalid", "this address takes "+strings.Join(allowed, ", ")))
		return
	}
	a.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", "the API has no such address; /openapi.json names all"))
}

// crossOrigin answers what another site's page sent in a reader's name. It
// comes before anything else has looked at the call.
func (a *App) crossOrigin(w http.ResponseWriter, r *http.Request) {
	secureHeaders(w.Header())
	refused := problem.New(http.StatusForbidden, "forbidden", "This was sent from another site's page. Nothing was changed.")
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		a.problems.Write(w, r, refused)
		return
	}
	a.trouble(&visit{w: w, r: r}, refused)
}

// otherMethods are the methods that an address takes if it does not take GET.
// ServeMux would say so itself, but for the route that catches all pages.
func otherMethods(mux *http.ServeMux, r *http.Request) []string {
	return slices.DeleteFunc([]string{http.MethodPost, http.MethodPut, http.MethodDelete}, func(method string) bool {
		other := r.Clone(r.Context())
		other.Method = method
		_, pattern := mux.Handler(other)
		return pattern == ""
	})
}

func siteLink(site string) string { return "/sites/" + url.PathEscape(site) }

func releaseLink(site string, number int64) string {
	return siteLink(site) + "/releases/" + strconv.FormatInt(number, 10)
}

func requestLink(id string) string { return "/requests/" + url.PathEscape(id) }

func (a *App) siteTitle(site string) string {
	if title := a.config.Sites[site].Title; title != "" {
		return title
	}
	return site
}
