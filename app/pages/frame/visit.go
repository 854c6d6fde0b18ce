package frame

import (
	"cmp"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
)

// Visit is one call of a page.
type Visit struct {
	W   http.ResponseWriter
	R   *http.Request
	Who *auth.Caller
	// Reader has the visitor's language and time zone.
	Reader view.Audience
}

// GoOn redirects to another of these pages after a form.
func (v *Visit) GoOn(page string) {
	http.Redirect(v.W, v.R, page, http.StatusSeeOther) // callers escape the parts of page
}

// Problem is a refusal in the reader's language.
func (v *Visit) Problem(status int, code, english string, args ...any) error {
	return Spoken{problem.New(status, code, v.Say(english, args...))}
}

// Say says an English sentence in the reader's language.
func (v *Visit) Say(english string, args ...any) string {
	return v.Reader.Language.Say(english, args...)
}

// Zone is the zone in which the reader writes and reads times: their choice, or the site's.
func (v *Visit) Zone(sites *time.Location) *time.Location {
	return cmp.Or(v.Reader.Zone, sites)
}

// Spoken is a problem in the reader's language.
type Spoken struct{ *api.Problem }

// Unwrap is the problem itself.
func (s Spoken) Unwrap() error { return s.Problem }
