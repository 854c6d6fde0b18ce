package frame

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/words"
)

// ReadingCookie keeps in which language, and by the clock of which zone, a browser's
// reader wants the pages: "es&Europe/Madrid". It is no secret and decides nothing else.
const ReadingCookie = "pressrun_reading"

// Read is a visit by somebody who reads as their browser and their choice say.
func (p *Frame) Read(w http.ResponseWriter, r *http.Request) *Visit {
	configured, _ := words.Named(p.Config.Pages.Language)
	tag, zone := Chosen(r)
	language, ok := words.Named(tag)
	if !ok {
		language = words.Match(r.Header.Get("Accept-Language"), configured)
	}
	reader := view.Audience{Language: language, Zone: zone}
	w.Header().Add("Vary", "Accept-Language, Cookie")
	return &Visit{W: w, R: r.WithContext(view.For(r.Context(), reader)), Who: auth.From(r.Context()), Reader: reader}
}

// Chosen is what the reader has chosen, nothing where they have not.
func Chosen(r *http.Request) (language string, zone *time.Location) {
	cookie, err := r.Cookie(ReadingCookie)
	if err != nil {
		return "", nil
	}
	language, name, _ := strings.Cut(cookie.Value, "&")
	zone, _ = ZoneNamed(name)
	return language, zone
}

// ZoneNamed is a time zone by its IANA name; nil for "", and false for what is none.
func ZoneNamed(name string) (*time.Location, bool) {
	if name == "" {
		return nil, true
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, false
	}
	return zone, true
}

// otherLanguages are offered at the foot of each page.
func otherLanguages(shown words.Language) []Choice {
	var out []Choice
	for _, l := range words.All() {
		if l.Tag() != shown.Tag() {
			out = append(out, Choice{Value: l.Tag(), Text: l.Name()})
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
