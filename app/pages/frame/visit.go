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

// Visit is one call of a page by somebody who may see pages.
type Visit struct {
	W   http.ResponseWriter
	R   *http.Request
	Who *auth.Caller
	// Reader is in which language, and by which clock, the visitor reads.
	Reader view.Audience
}

// GoOn leads to another of these pages after a form.
func (v *Visit) GoOn(page string) {
	http.Redirect(v.W, v.R, page, http.StatusSeeOther) // callers escape what they put into it
}

// Problem is a refusal in the reader's language.
func (v *Visit) Problem(status int, code, english string, args ...any) error {
	return Spoken{problem.New(status, code, v.Say(english, args...))}
}

// Say says an English sentence in the reader's language.
func (v *Visit) Say(english string, args ...any) string {
	return v.Reader.Language.Say(english, args...)
}

// Zone is by which clock the reader writes and reads times of a site.
func (v *Visit) Zone(sites *time.Location) *time.Location {
	return cmp.Or(v.Reader.Zone, sites)
}

// Spoken is a problem whose words are the reader's already.
type Spoken struct{ *api.Problem }

// Unwrap is the problem itself.
func (s Spoken) Unwrap() error { return s.Problem }
