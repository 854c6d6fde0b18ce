package account

import (
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/internal/words"
)

// readingPages let readers choose their language and time zone.
type readingPages struct{ *frame.Frame }

// readingBody is the page on which a reader chooses.
type readingBody struct {
	Languages  []frame.Choice
	Zone, Back string
	Problem    string
	// Zones are suggestions; any IANA name is taken.
	Zones []string
}

// someZones are suggested; a reader may write any other.
var someZones = []string{
	"America/Anchorage", "America/Bogota", "America/Buenos_Aires", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Mexico_City",
	"America/New_York", "America/Puerto_Rico", "America/Toronto", "Europe/Berlin", "Europe/London", "Europe/Madrid", "Pacific/Honolulu", "UTC",
}

// show is the page on which a reader chooses.
func (p *readingPages) show(w http.ResponseWriter, r *http.Request) {
	v := p.Read(w, r)
	_, zone := frame.Chosen(r)
	name := ""
	if zone != nil {
		name = zone.String()
	}
	p.ask(v, http.StatusOK, readingBody{Zone: name, Back: safeReturn(r.URL.Query().Get("back"))})
}

func (p *readingPages) ask(v *frame.Visit, status int, body readingBody) {
	tag, _ := frame.Chosen(v.R)
	body.Languages = []frame.Choice{{Text: v.Say("As the browser asks"), Chosen: tag == ""}}
	for _, l := range words.All() {
		body.Languages = append(body.Languages, frame.Choice{Value: l.Tag(), Text: l.Name(), Chosen: l.Tag() == tag})
	}
	body.Zones = someZones
	p.Write(v, status, "reading", frame.Page{Title: v.Say("Language and times"), Body: body, Crumbs: []frame.Crumb{{Text: v.Say("All sites"), Link: "/"}}})
}

// choose stores the reader's choice, and leads back to the page before. A form may change one
// of the two alone.
func (p *readingPages) choose(w http.ResponseWriter, r *http.Request) {
	v := p.Read(w, r)
	if !p.ReadForm(v) {
		return
	}
	form := v.R.PostForm
	tag, zone := frame.Chosen(r)
	back := safeReturn(form.Get("back"))
	if form.Has("language") {
		tag = form.Get("language")
	}
	if _, ok := words.Named(tag); !ok {
		tag = ""
	}
	if form.Has("zone") {
		var ok bool
		if zone, ok = frame.ZoneNamed(strings.TrimSpace(form.Get("zone"))); !ok {
			p.ask(v, http.StatusUnprocessableEntity, readingBody{Back: back, Zone: form.Get("zone"), Problem: v.Say("There is no such time zone. Write one like Europe/Madrid, or nothing.")})
			return
		}
	}
	cookie := &http.Cookie{ //nolint:gosec // G124: Secure wherever the app is reached by https
		Name: frame.ReadingCookie, Value: tag + "&", Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: strings.HasPrefix(p.Config.URL, "https:"),
	}
	if zone != nil {
		cookie.Value += zone.String()
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, back, http.StatusSeeOther) //nolint:gosec // G710: safeReturn stays within these pages
}
