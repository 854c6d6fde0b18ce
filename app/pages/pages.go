package pages

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/text"
)

// Options are what New needs.
type Options struct {
	Config   config.Config
	Auth     *auth.Authorizer
	Problems *problem.Reporter
	Disk     *problem.Disk
	Commands *command.Commands
	Notices  *command.Notices
	View     *view.Reader
	Logs     stream.RunLogs
	Log      *slog.Logger
}

// Pages shows pages; the handlers of each kind of page are beside it.
type Pages struct {
	config   config.Config
	problems *problem.Reporter
	disk     *problem.Disk
	log      *slog.Logger
}

// New puts the pages on a mux. Addresses that it does not know, of the API too,
// are answered by them.
func New(mux *http.ServeMux, o Options) *Pages {
	p := &Pages{config: o.Config, problems: o.Problems, disk: o.Disk, log: o.Log}
	home := &home{Pages: p, view: o.View}
	site := &sitePages{Pages: p, view: o.View, commands: o.Commands}
	operate := &operatorPages{Pages: p, view: o.View, commands: o.Commands}
	told := &noticePages{operatorPages: operate, notices: o.Notices}
	find := &findPages{Pages: p, view: o.View}
	releases := &releasePages{Pages: p, view: o.View, logs: o.Logs}
	past := &historyPages{Pages: p, view: o.View}
	requests := &requestPages{Pages: p, view: o.View}
	signIn := &signInPages{Pages: p, auth: o.Auth}
	sessions := &sessionPages{Pages: p, auth: o.Auth}
	reading := &readingPages{Pages: p}

	mux.HandleFunc("GET /{$}", p.signedIn(home.show))
	mux.HandleFunc("GET /sites/{site}", p.signedIn(site.show))
	mux.HandleFunc("POST /sites/{site}/requests", p.signedIn(site.accept))
	mux.HandleFunc("GET /sites/{site}/find", p.signedIn(find.show))
	mux.HandleFunc("GET /sites/{site}/operate", p.signedIn(operate.show))
	mux.HandleFunc("GET /sites/{site}/events.csv", p.signedIn(operate.exportCSV))
	mux.HandleFunc("GET /sites/{site}/events.jsonl", p.signedIn(operate.exportLines))
	mux.HandleFunc("POST /sites/{site}/freezes", p.signedIn(operate.freeze))
	mux.HandleFunc("POST /sites/{site}/thaw", p.signedIn(operate.thaw))
	mux.HandleFunc("GET /sites/{site}/allow", p.signedIn(operate.askAllow))
	mux.HandleFunc("POST /sites/{site}/allow", p.signedIn(operate.allow))
	mux.HandleFunc("GET /sites/{site}/rollback", p.signedIn(operate.askRollback))
	mux.HandleFunc("POST /sites/{site}/rollback", p.signedIn(operate.rollback))
	mux.HandleFunc("GET /sites/{site}/notices", p.signedIn(told.show))
	mux.HandleFunc("POST /sites/{site}/notices/{id}", p.signedIn(told.replay))
	mux.HandleFunc("GET /sites/{site}/{act}", p.signedIn(operate.confirm))
	mux.HandleFunc("POST /sites/{site}/{act}", p.signedIn(operate.act))
	mux.HandleFunc("GET /sites/{site}/releases", p.signedIn(past.show))
	mux.HandleFunc("GET /sites/{site}/releases/{number}", p.signedIn(releases.show))
	mux.HandleFunc("GET /sites/{site}/releases/{number}/log", p.signedIn(releases.showLog))
	mux.HandleFunc("GET /sites/{site}/releases/{number}/log.txt", p.signedIn(releases.rawLog))
	mux.HandleFunc("GET /requests/{id}", p.signedIn(requests.show))
	mux.HandleFunc("GET /sessions", p.signedIn(sessions.show))
	mux.HandleFunc("POST /sessions/{id}", p.signedIn(sessions.end))
	mux.HandleFunc("GET /signin", signIn.show)
	mux.HandleFunc("POST /signin", signIn.signIn)
	mux.HandleFunc("POST /signin/password", signIn.signInLocally)
	mux.HandleFunc("GET /signin/{via}", signIn.begin)
	mux.HandleFunc("GET /signin/{via}/callback", signIn.finish)
	mux.HandleFunc("POST /signout", signIn.signOut)
	mux.HandleFunc("GET /reading", reading.show)
	mux.HandleFunc("POST /reading", reading.choose)
	mux.HandleFunc("GET /assets/{name}", serveAsset)
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { p.unknown(mux, w, r) })
	return p
}

// visit is one call of a page by somebody who may see pages.
type visit struct {
	w   http.ResponseWriter
	r   *http.Request
	who *auth.Caller
	// reader is in which language, and by which clock, the visitor reads.
	reader view.Audience
}

// goOn leads to another of these pages after a form.
func (v *visit) goOn(page string) {
	http.Redirect(v.w, v.r, page, http.StatusSeeOther) //nolint:gosec // G710: callers escape what they put into the address of a page
}

// problem is a refusal in the reader's language.
func (v *visit) problem(status int, code, english string, args ...any) error {
	return spoken{problem.New(status, code, v.say(english, args...))}
}

// signedIn lets editors and operators through; anybody else is asked to sign
// in, and comes back afterwards.
func (p *Pages) signedIn(handle func(*visit)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := p.read(w, r)
		switch {
		case v.who == nil:
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(returnPath(r)), http.StatusSeeOther)
		case v.who.Refused != nil:
			p.trouble(v, v.who.Refused)
		case v.who.Role != auth.Editor && v.who.Role != auth.Operator:
			p.trouble(v, v.problem(http.StatusForbidden, "forbidden", "These pages are for editors and operators; this token is for a program."))
		default:
			handle(v)
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
func (p *Pages) seenSite(v *visit) (string, config.Site, bool) {
	name := v.r.PathValue("site")
	conf, ok := p.config.Sites[name]
	if !ok || !v.who.Sees(name) {
		p.trouble(v, v.problem(http.StatusNotFound, "no_site", "There is no site of this name, or your token is not good for it."))
		return "", conf, false
	}
	return name, conf, true
}

// seenRelease is the number of a release in the address.
func (p *Pages) seenRelease(v *visit) (int64, bool) {
	number, err := strconv.ParseInt(v.r.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		p.trouble(v, v.problem(http.StatusNotFound, "not_found", "A release is a number from 1."))
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
	// SignOut is false where nobody signs in, and where a proxy does it; Elsewhere is
	// the proxy's own way out.
	SignOut   bool
	Elsewhere string
	// Events is the stream that tells when the page is out of date, After the
	// last event that it has seen; empty for a page that does not change.
	Events string
	After  int64
	Kinds  string
	// Busy says that something is going on, so that it is looked at often: every so many
	// seconds, if Every says so.
	Busy  bool
	Every int
	// Still is set when a reader without JavaScript asked for no reloading.
	Still bool
	// Wall is set for a monitor in the office: what is live and what is next, large.
	Wall bool
	Now  *view.Moment
	Zone string
	// OwnZone says that the zone is the reader's choice, not the site's.
	OwnZone bool
	// Languages are the other ones, Back the page itself.
	Languages []choice
	Back      string
	Body      any
	// query is what the address asks for.
	query url.Values
	// Main is the content, where it is rendered already; its place is mainMark's.
	Main template.HTML
	main [][]byte
}

// mainMark is where in a page a content belongs that was rendered before. No text from
// elsewhere can have it.
var mainMark = template.HTML("<!--" + rand.Text() + "-->") //nolint:gosec // G203: a comment of random letters

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

// Stop and Again are addresses of this page for a reader without JavaScript: without
// reloading by itself, and anew.
func (p page) Stop() string  { return p.with("still", "1") }
func (p page) Again() string { return p.with("still", "") }

func (p page) with(name, value string) string {
	query := url.Values{}
	for one, values := range p.query {
		query[one] = values
	}
	if query.Del(name); value != "" {
		query.Set(name, value)
	}
	return "?" + query.Encode()
}

// write renders a page for a visitor. An error is written by trouble instead.
func (p *Pages) write(v *visit, status int, name string, one page) {
	if v.who != nil {
		one.Who = v.who.Name
		one.SignOut = v.who.Session != ""
		if header := p.config.SignIn.Header; header != nil && v.who.Via == identity.ViaHeader {
			one.Elsewhere = header.LogoutURL
		}
	}
	one.query = v.r.URL.Query()
	one.Still = one.query.Get("still") != ""
	one.OwnZone = v.reader.Zone != nil
	one.Languages, one.Back = otherLanguages(v.reader.Language), backFrom(v.r)
	p.render(v, status, name, one)
}

// ShowSetup shows a page of GitHub's set-up.
func (p *Pages) ShowSetup(w http.ResponseWriter, r *http.Request, status int, title string, body any) {
	v := p.read(w, r)
	v.who = nil
	p.write(v, status, "setup", page{Title: v.say(title), Body: body})
}

func (p *Pages) render(v *visit, status int, name string, one page) {
	w, out := v.w, bytes.Buffer{}
	if err := templatesIn(v.reader.Language)[name].Execute(&out, one); err != nil {
		p.log.Error("a page can't be rendered", "page", name, "error", err)
		http.Error(w, "This page can't be shown: the log of the app tells more.", http.StatusInternalServerError)
		return
	}
	pieces := [][]byte{text.Markup(out.Bytes())}
	if before, after, ok := bytes.Cut(pieces[0], []byte(one.Main)); ok && one.Main != "" {
		pieces = slices.Concat([][]byte{before}, one.main, [][]byte{after})
	}
	length := 0
	for _, piece := range pieces {
		length += len(piece)
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(status)
	for _, piece := range pieces { // which pages share: none is copied for each
		_, _ = w.Write(piece) // the reader may have gone
	}
}

// livePage is a page that events after an instant make out of date: of a site,
// or of all for "".
func livePage(site string, at view.Instant, c view.Clock) page {
	query := url.Values{}
	if site != "" {
		query.Set("site", site)
	}
	one := page{Events: "/v1/events?" + query.Encode(), After: at.Event, Kinds: view.EventKinds()}
	one.at(c)
	return one
}

// at stamps the page with the time and zone that it speaks in.
func (p *page) at(c view.Clock) { p.Now, p.Zone = c.At(c.Now), c.Zone.String() }

func siteLink(site string) string { return "/sites/" + url.PathEscape(site) }

func releaseLink(site string, number int64) string {
	return siteLink(site) + "/releases/" + strconv.FormatInt(number, 10)
}

func requestLink(id string) string { return "/requests/" + url.PathEscape(id) }

func (p *Pages) siteTitle(site string) string {
	if title := p.config.Sites[site].Title; title != "" {
		return title
	}
	return site
}
