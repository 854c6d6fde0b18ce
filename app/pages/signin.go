package pages

import (
	"errors"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
)

// signInPages sign people in and out.
type signInPages struct {
	*Pages
	auth *auth.Authorizer
}

type signInBody struct{ Next, Error string }

func (s *signInPages) show(w http.ResponseWriter, r *http.Request) {
	v := &visit{w: w, r: r, who: auth.From(r.Context())}
	next := safeReturn(r.URL.Query().Get("next"))
	if s.config.Pages.Access == config.AccessLoopback {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // G710: safeReturn stays within these pages
		return
	}
	s.showSignIn(v, http.StatusOK, signInBody{Next: next})
}

func (s *signInPages) showSignIn(v *visit, status int, body signInBody) {
	s.write(v, status, "signin", page{Title: "Sign in", Body: body})
}

// signIn takes a token of an editor or operator and gives a cookie for it.
func (s *signInPages) signIn(w http.ResponseWriter, r *http.Request) {
	v := &visit{w: w, r: r}
	if !s.readForm(v) {
		return
	}
	body := signInBody{Next: safeReturn(r.PostForm.Get("next"))}
	cookie, err := s.auth.SignIn(r.RemoteAddr, r.PostForm.Get("token"))
	switch {
	case errors.Is(err, auth.ErrTooManyTries):
		w.Header().Set("Retry-After", strconv.Itoa(int(auth.SignInRetry/time.Second)))
		body.Error = "There were too many tries from your address. Wait a few seconds and try again."
		s.showSignIn(v, http.StatusTooManyRequests, body)
	case errors.Is(err, auth.ErrUnknownToken):
		body.Error = "This token is not known here. Check that you copied all of it."
		s.showSignIn(v, http.StatusForbidden, body)
	case errors.Is(err, auth.ErrNotForPeople):
		body.Error = "This token is for a program. Sign in with an editor's or an operator's."
		s.showSignIn(v, http.StatusForbidden, body)
	case err != nil:
		s.trouble(v, err)
	default:
		// Who signs in begins anew: what the browser had before, wherever that came
		// from, is worthless from now on.
		if _, err := s.auth.SignOut(r); err != nil {
			s.log.Warn("an earlier sign-in could not be ended", "error", err)
		}
		http.SetCookie(w, cookie)
		http.Redirect(w, r, body.Next, http.StatusSeeOther)
	}
}

// signOut ends the sign-in here and takes the cookie back. A sign-in that can't
// be ended for want of a disk is still taken from the browser.
func (s *signInPages) signOut(w http.ResponseWriter, r *http.Request) {
	cookie, err := s.auth.SignOut(r)
	http.SetCookie(w, cookie)
	if err != nil {
		s.trouble(&visit{w: w, r: r}, err)
		return
	}
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

// safeReturn is a way back within these pages; whatever else it is given, it
// answers with the list of sites. Browsers read //host and /\host as another
// site, and drop control characters before they look.
func safeReturn(next string) string {
	if strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return "/"
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") {
		return "/"
	}
	if clean := path.Clean(u.Path); clean != u.Path || strings.Contains(clean, "\\") || strings.HasPrefix(clean, "/v1/") || clean == "/signin" {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}
