package pages

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/words"
)

// readingCookie keeps in which language, and by the clock of which zone, a browser's
// reader wants the pages: "es&Europe/Madrid". It is no secret and decides nothing else.
const readingCookie = "pressrun_reading"

// readingPages let readers choose.
type readingPages struct{ *Pages }

// readingBody is the page on which a reader chooses.
type readingBody struct {
	Languages  []choice
	Zone, Back string
	Problem    string
	// Zones are some names for a start; any other one of the IANA's is taken too.
	Zones []string
}

type choice struct {
	Value, Text string
	Chosen      bool
}

// someZones are offered; a reader may write any other.
var someZones = []string{
	"America/Anchorage", "America/Bogota", "America/Buenos_Aires", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Mexico_City",
	"America/New_York", "America/Puerto_Rico", "America/Toronto", "Europe/Berlin", "Europe/London", "Europe/Madrid", "Pacific/Honolulu", "UTC",
}

// read is a visit by somebody who reads as their browser and their choice say.
func (p *Pages) read(w http.ResponseWriter, r *http.Request) *visit {
	configured, _ := words.Named(p.config.Pages.Language)
	tag, zone := chosen(r)
	language, ok := words.Named(tag)
	if !ok {
		language = words.Match(r.Header.Get("Accept-Language"), configured)
	}
	reader := view.Audience{Language: language, Zone: zone}
	w.Header().Add("Vary", "Accept-Language, Cookie")
	return &visit{w: w, r: r.WithContext(view.For(r.Context(), reader)), who: auth.From(r.Context()), reader: reader}
}

// chosen is what the reader has chosen, nothing where they have not.
func chosen(r *http.Request) (language string, zone *time.Location) {
	cookie, err := r.Cookie(readingCookie)
	if err != nil {
		return "", nil
	}
	language, name, _ := strings.Cut(cookie.Value, "&")
	zone, _ = zoneNamed(name)
	return language, zone
}

// zoneNamed is a time zone by its IANA name; nil for "", and false for what is none.
func zoneNamed(name string) (*time.Location, bool) {
	if name == "" {
		return nil, true
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, false
	}
	return zone, true
}

// show is the page on which a reader chooses.
func (p *readingPages) show(w http.ResponseWriter, r *http.Request) {
	v := p.read(w, r)
	_, zone := chosen(r)
	name := ""
	if zone != nil {
		name = zone.String()
	}
	p.ask(v, http.StatusOK, readingBody{Zone: name, Back: safeReturn(r.URL.Query().Get("back"))})
}

func (p *readingPages) ask(v *visit, status int, body readingBody) {
	tag, _ := chosen(v.r)
	body.Languages = []choice{{Text: v.say("As the browser asks"), Chosen: tag == ""}}
	for _, l := range words.All() {
		body.Languages = append(body.Languages, choice{Value: l.Tag(), Text: l.Name(), Chosen: l.Tag() == tag})
	}
	body.Zones = someZones
	p.write(v, status, "reading", page{Title: v.say("Language and times"), Body: body, Crumbs: []crumb{{Text: v.say("All sites"), Link: "/"}}})
}

// choose keeps what the reader wants, and leads back to where they came from. A form may
// leave one of the two as it is.
func (p *readingPages) choose(w http.ResponseWriter, r *http.Request) {
	v := p.read(w, r)
	if !p.readForm(v) {
		return
	}
	form := v.r.PostForm
	tag, zone := chosen(r)
	back := safeReturn(form.Get("back"))
	if form.Has("language") {
		tag = form.Get("language")
	}
	if _, ok := words.Named(tag); !ok {
		tag = ""
	}
	if form.Has("zone") {
		var ok bool
		if zone, ok = zoneNamed(strings.TrimSpace(form.Get("zone"))); !ok {
			p.ask(v, http.StatusUnprocessableEntity, readingBody{Back: back, Zone: form.Get("zone"), Problem: v.say("There is no such time zone. Write one like Europe/Madrid, or nothing.")})
			return
		}
	}
	cookie := &http.Cookie{ //nolint:gosec // G124: Secure wherever the app is reached by https
		Name: readingCookie, Value: tag + "&", Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.config.URL, "https:"),
	}
	if zone != nil {
		cookie.Value += zone.String()
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // G710: safeReturn stays within these pages
}

// say says an English sentence in the reader's language.
func (v *visit) say(english string, args ...any) string {
	return v.reader.Language.Say(english, args...)
}

// zone is by which clock the reader writes and reads times of a site.
func (v *visit) zone(sites *time.Location) *time.Location {
	return cmp.Or(v.reader.Zone, sites)
}

// spoken is a problem whose words are the reader's already.
type spoken struct{ *api.Problem }

// Unwrap is the problem itself.
func (s spoken) Unwrap() error { return s.Problem }

// otherLanguages are offered at the foot of each page.
func otherLanguages(shown words.Language) []choice {
	var out []choice
	for _, l := range words.All() {
		if l.Tag() != shown.Tag() {
			out = append(out, choice{Value: l.Tag(), Text: l.Name()})
		}
	}
	return slices.Clip(out)
}

// backFrom is where a choice at the foot of a page leads back to.
func backFrom(r *http.Request) string {
	if r.Method != http.MethodGet {
		return "/"
	}
	return (&url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}).String()
}
