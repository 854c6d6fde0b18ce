package account

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/pages/frame"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// signInPages sign people in and out.
type signInPages struct {
	*frame.Frame
	auth *auth.Authorizer
}

// signInBody is the page on which people sign in, with the configured ways to do so.
type signInBody struct {
	Next, Error string
	Services    []signInService
	Local       bool
	Name        string // as typed before
	Tokens      bool
	Hours       string
	// Out says that somebody has just signed out; Elsewhere leads to the provider, where
	// they can sign out too.
	Out       bool
	Elsewhere string
	Ask       string
}

// signInService is a sign-in provider.
type signInService struct{ Via, Text string }

// bodyOf is the page; next is the page to return to.
func (s *signInPages) bodyOf(l words.Language, next string) signInBody {
	in := s.Config.SignIn
	limit, _ := in.Lasts()
	body := signInBody{Next: next, Local: len(in.People) > 0, Hours: l.Span(limit), Ask: in.Ask}
	if in.OIDC != nil {
		body.Services = append(body.Services, signInService{identity.ViaOIDC, cmp.Or(in.OIDC.Name, l.Say("your organization"))})
	}
	if in.GitHub != nil {
		body.Services = append(body.Services, signInService{identity.ViaGitHub, "GitHub"})
	}
	forPeople := func(t config.Token) bool {
		return t.Role == string(auth.Editor) || t.Role == string(auth.Operator)
	}
	body.Tokens = in.TakesTokens() && (slices.ContainsFunc(s.Config.Tokens, forPeople) || !body.Local && len(body.Services) == 0)
	return body
}

func (s *signInPages) show(w http.ResponseWriter, r *http.Request) {
	v := s.Read(w, r)
	next := safeReturn(r.URL.Query().Get("next"))
	if s.Config.Pages.Access == config.AccessLoopback || v.Who != nil && v.Who.Via == identity.ViaHeader {
		http.Redirect(w, r, next, http.StatusSeeOther) //nolint:gosec // G710: safeReturn stays within these pages
		return
	}
	body := s.bodyOf(v.Reader.Language, next)
	if body.Out = r.URL.Query().Has("out"); body.Out {
		body.Elsewhere = s.auth.SignOutElsewhere()
	}
	s.showSignIn(v, http.StatusOK, body)
}

func (s *signInPages) showSignIn(v *frame.Visit, status int, body signInBody) {
	s.Write(v, status, "signin", frame.Page{Title: v.Say("Sign in"), Body: body})
}

// signIn takes a token of an editor or operator and gives a cookie for it.
func (s *signInPages) signIn(w http.ResponseWriter, r *http.Request) {
	v := s.stranger(w, r)
	if !s.ReadForm(v) {
		return
	}
	body := s.bodyOf(v.Reader.Language, safeReturn(v.R.PostForm.Get("next")))
	cookie, err := s.auth.SignIn(r, v.R.PostForm.Get("token"))
	s.entered(v, body, auth.Entered{Cookie: cookie, Next: body.Next}, err)
}

// signInLocally takes the name and password of a local account.
func (s *signInPages) signInLocally(w http.ResponseWriter, r *http.Request) {
	v := s.stranger(w, r)
	if !s.ReadForm(v) {
		return
	}
	body := s.bodyOf(v.Reader.Language, safeReturn(v.R.PostForm.Get("next")))
	body.Name = text.Shorten(text.OneLine(v.R.PostForm.Get("name")), 100)
	cookie, err := s.auth.SignInLocally(r, v.R.PostForm.Get("name"), v.R.PostForm.Get("password"))
	s.entered(v, body, auth.Entered{Cookie: cookie, Next: body.Next}, err)
}

// notAllowed tells somebody who signed in that no rule admits them.
func (s *signInPages) notAllowed(v *frame.Visit, name string) string {
	ask := cmp.Or(s.Config.SignIn.Ask, v.Say("an operator of Pressrun"))
	return v.Say("You are %s, and this account may not use Pressrun. Ask %s to let you in.", name, ask)
}

// stranger is a visit that counts as not signed in, even with a cookie.
func (s *signInPages) stranger(w http.ResponseWriter, r *http.Request) *frame.Visit {
	v := s.Read(w, r)
	v.Who = nil
	return v
}

// begin sends somebody to a sign-in provider.
func (s *signInPages) begin(w http.ResponseWriter, r *http.Request) {
	v := s.stranger(w, r)
	next := safeReturn(r.URL.Query().Get("next"))
	address, cookie, err := s.auth.Begin(r.Context(), r.PathValue("via"), next)
	if err != nil {
		s.entered(v, s.bodyOf(v.Reader.Language, next), auth.Entered{}, err)
		return
	}
	http.SetCookie(w, cookie)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // G710: the address is that of the configured provider
}

// finish signs in somebody who returns from a provider.
func (s *signInPages) finish(w http.ResponseWriter, r *http.Request) {
	v := s.stranger(w, r)
	in, err := s.auth.Finish(r, r.PathValue("via"))
	if !errors.Is(err, auth.ErrNoAttempt) {
		http.SetCookie(w, s.auth.AttemptOver(r.PathValue("via")))
	}
	in.Next = safeReturn(in.Next)
	s.entered(v, s.bodyOf(v.Reader.Language, in.Next), in, err)
}

// entered ends a sign-in: it sets the cookie and leads on, or shows why it failed.
func (s *signInPages) entered(v *frame.Visit, body signInBody, in auth.Entered, err error) {
	refusal, retry := refusalOf(err)
	said := v.Say(string(refusal.text))
	stranger, known := errors.AsType[*auth.NotAllowed](err)
	switch {
	case err == nil:
		// The browser's earlier session, wherever its cookie came from, ends with the
		// sign-in, against session fixation.
		if _, err := s.auth.SignOut(v.R); err != nil {
			s.Log.Warn("an earlier sign-in could not be ended", "error", err)
		}
		http.SetCookie(v.W, in.Cookie)
		v.W.Header().Set("Cache-Control", "no-store")
		http.Redirect(v.W, v.R, in.Next, http.StatusSeeOther)
		return
	case known:
		refusal.status, said = http.StatusForbidden, s.notAllowed(v, stranger.Name)
	case refusal.status == 0:
		s.Trouble(v, err)
		return
	}
	if retry > 0 {
		v.W.Header().Set("Retry-After", strconv.Itoa(int(retry/time.Second)))
	}
	body.Error = said
	s.showSignIn(v, refusal.status, body)
}

// signInRefusal is the status and the text of a failed sign-in.
type signInRefusal struct {
	status int
	text   words.Key
}

// refusalOf is the refusal for an error, zero for an error of another kind, and the wait
// before the next try.
func refusalOf(err error) (signInRefusal, time.Duration) {
	_, refused := errors.AsType[*identity.Refused](err)
	switch {
	case errors.Is(err, auth.ErrTooManyTries):
		return signInRefusal{http.StatusTooManyRequests, words.Key("There were too many tries from your address or with this name. Wait a few seconds and try again.")}, auth.SignInRetry
	case errors.Is(err, auth.ErrUnknownToken):
		return signInRefusal{http.StatusForbidden, words.Key("This token is not known here. Check that you copied all of it.")}, 0
	case errors.Is(err, auth.ErrNotForPeople):
		return signInRefusal{http.StatusForbidden, words.Key("This token is for a program. Sign in with an editor's or an operator's.")}, 0
	case errors.Is(err, auth.ErrWrongPassword):
		return signInRefusal{http.StatusForbidden, words.Key("The name or the password is wrong.")}, 0
	case errors.Is(err, auth.ErrNoAttempt):
		return signInRefusal{http.StatusBadRequest, words.Key("This sign-in was not begun in this browser, took too long, or was used before. Begin again.")}, 0
	case errors.Is(err, identity.ErrUnreachable):
		return signInRefusal{http.StatusServiceUnavailable, words.Key("The sign-in service does not answer at the moment. Try again in a minute; Pressrun itself is well.")}, time.Minute
	case refused:
		return signInRefusal{http.StatusForbidden, words.Key("The sign-in was not completed. Begin again; if that does not help, Pressrun's log tells an operator why.")}, 0
	}
	return signInRefusal{}, 0
}

// signOut ends the sign-in and removes the cookie. It removes the cookie even if the ledger
// can't be written.
func (s *signInPages) signOut(w http.ResponseWriter, r *http.Request) {
	cookie, err := s.auth.SignOut(r)
	http.SetCookie(w, cookie)
	if err != nil {
		s.Trouble(s.stranger(w, r), err)
		return
	}
	http.Redirect(w, r, "/signin?out", http.StatusSeeOther)
}

// safeReturn is an address within these pages, the list of sites for any other. Browsers
// read //host and /\host as another site, and drop control characters first.
func safeReturn(next string) string {
	if strings.ContainsFunc(next, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }) {
		return "/"
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") {
		return "/"
	}
	if clean := path.Clean(u.Path); clean != u.Path || strings.Contains(clean, "\\") || strings.HasPrefix(clean, "/v1/") || clean == "/signin" || strings.HasPrefix(clean, "/signin/") {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}
