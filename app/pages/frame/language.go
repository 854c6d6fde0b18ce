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

// ReadingCookie names the cookie with the reader's choice of language and time zone:
// "es&Europe/Madrid". It is no secret.
const ReadingCookie = "pressrun_reading"

// Read makes the visit of a call, with the reader's language and zone by their choice, or
// else by their browser.
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

// Chosen is the reader's choice, "" and nil for none.
func Chosen(r *http.Request) (language string, zone *time.Location) {
	cookie, err := r.Cookie(ReadingCookie)
	if err != nil {
		return "", nil
	}
	language, name, _ := strings.Cut(cookie.Value, "&")
	zone, _ = ZoneNamed(name)
	return language, zone
}

// ZoneNamed is a time zone by its IANA name; nil for "", and false for an unknown name.
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

// backFrom is the address to which a choice at the foot of a page leads back.
func backFrom(r *http.Request) string {
	if r.Method != http.MethodGet {
		return "/"
	}
	return (&url.URL{Path: r.URL.Path, RawQuery: r.URL.RawQuery}).String()
}
