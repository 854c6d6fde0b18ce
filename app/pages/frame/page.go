package frame

import (
	"bytes"
	"crypto/rand"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/pressrun/pressrun/app/pages/templates"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/text"
)

// Page has the data that the layout needs of every page.
type Page struct {
	Title string
	// Crumbs lead back from this page to the list of sites.
	Crumbs []Crumb
	Who    string
	// SignOut is false where nobody signs in, and where a proxy does it; Elsewhere is the
	// proxy's address for signing out.
	SignOut   bool
	Elsewhere string
	// Events is the stream whose events make the page out of date, After the last event
	// before the page; empty for a page that does not change.
	Events string
	After  int64
	Kinds  string
	// Busy says that something is going on, so that the page is fetched often: every Every
	// seconds, if that is set.
	Busy  bool
	Every int
	// Still is set when a reader without JavaScript asked for no reloading.
	Still bool
	// Wall is set for a monitor in the office: the state of the site, large.
	Wall bool
	Now  *when.Moment
	Zone string
	// OwnZone says that the zone is the reader's choice, not the site's.
	OwnZone bool
	// Languages are the other ones, Back the page itself.
	Languages []Choice
	Back      string
	Body      any
	// Main is replaced by main, a content that was rendered before.
	Main template.HTML
	main [][]byte
	// query is that of the address.
	query url.Values
}

// mainMark marks the place of a content that was rendered before. No text from elsewhere can
// have it.
var mainMark = template.HTML("<!--" + rand.Text() + "-->") //nolint:gosec // G203: a comment of random letters

// Crumb is a link, as in the breadcrumbs of a page.
type Crumb struct{ Text, Link string }

// Choice is one of several that a reader has.
type Choice struct {
	Value, Text string
	Chosen      bool
}

// Reload is how often, in seconds, a browser without JavaScript reloads the page; 0 for
// never. A page at rest is not reloaded, so that nobody's typing is lost.
func (p Page) Reload() int {
	if p.Events == "" || p.Still || !p.Busy {
		return 0
	}
	return 30
}

// Stop is the address of this page without reloading, for a reader without JavaScript.
func (p Page) Stop() string { return p.with("still", "1") }

// Again is the address of this page with reloading.
func (p Page) Again() string { return p.with("still", "") }

func (p Page) with(name, value string) string {
	query := url.Values{}
	for one, values := range p.query {
		query[one] = values
	}
	if query.Del(name); value != "" {
		query.Set(name, value)
	}
	return "?" + query.Encode()
}

// Write renders a page for a visitor. An error is written by Trouble instead.
func (p *Frame) Write(v *Visit, status int, name string, one Page) {
	if v.Who != nil {
		one.Who = v.Who.Name
		one.SignOut = v.Who.Session != ""
		if header := p.Config.SignIn.Header; header != nil && v.Who.Via == identity.ViaHeader {
			one.Elsewhere = header.LogoutURL
		}
	}
	one.query = v.R.URL.Query()
	one.Still = one.query.Get("still") != ""
	one.OwnZone = v.Reader.Zone != nil
	one.Languages, one.Back = otherLanguages(v.Reader.Language), backFrom(v.R)
	p.render(v, status, name, one)
}

// ShowSetup shows a page of GitHub's set-up.
func (p *Frame) ShowSetup(w http.ResponseWriter, r *http.Request, status int, title string, body any) {
	v := p.Read(w, r)
	v.Who = nil
	p.Write(v, status, "setup", Page{Title: v.Say(title), Body: body})
}

func (p *Frame) render(v *Visit, status int, name string, one Page) {
	w, out := v.W, bytes.Buffer{}
	if err := templates.In(v.Reader.Language)[name].Execute(&out, one); err != nil {
		p.Log.Error("a page can't be rendered", "page", name, "error", err)
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
	for _, piece := range pieces { // one by one: pages share them, and a copy for each would cost
		_, _ = w.Write(piece) // the reader may have gone
	}
}

// LivePage is a page that later events make out of date: those of a site, or of all for "".
func LivePage(site string, at view.Instant, c when.Clock) Page {
	query := url.Values{}
	if site != "" {
		query.Set("site", site)
	}
	one := Page{Events: "/v1/events?" + query.Encode(), After: at.Event, Kinds: view.EventKinds()}
	one.Stamp(c)
	return one
}

// Rendered gives the page a rendered content, which is written piece after piece.
func (p *Page) Rendered(pieces ...[]byte) { p.Main, p.main = mainMark, pieces }

// Stamp puts the time and its zone on the page.
func (p *Page) Stamp(c when.Clock) { p.Now, p.Zone = c.At(c.Now), c.Zone.String() }
