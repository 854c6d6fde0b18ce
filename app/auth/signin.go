package auth

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/identity"
)

// The refusals of a sign-in.
var (
	ErrTooManyTries  = errors.New("too many tries to sign in from this address or with this name")
	ErrUnknownToken  = errors.New("no configured token")
	ErrNotForPeople  = errors.New("a program's token")
	ErrWrongPassword = errors.New("no account of this name and password")
)

// SignInRetry is how long to wait after ErrTooManyTries.
const SignInRetry = signInEvery

// SignIn gives the cookie for the token of an editor or operator.
func (a *Authorizer) SignIn(r *http.Request, token string) (*http.Cookie, error) {
	if !a.addresses.allow(networkOf(r.RemoteAddr), time.Now()) {
		return nil, ErrTooManyTries
	}
	hash := HashToken(strings.TrimSpace(token))
	c := a.tokens.caller(hash)
	switch {
	case c == nil || !a.config.SignIn.TakesTokens():
		a.log.Info("a sign-in was refused", "address", r.RemoteAddr)
		return nil, ErrUnknownToken
	case c.Role != Editor && c.Role != Operator:
		return nil, ErrNotForPeople
	}
	return a.sessions.begin(r, identity.Identity{Via: identity.ViaToken, Subject: hash, Name: c.Name})
}

// SignInLocally gives the cookie for the name and password of a local account.
func (a *Authorizer) SignInLocally(r *http.Request, name, password string) (*http.Cookie, error) {
	if !a.addresses.allow(networkOf(r.RemoteAddr), time.Now()) {
		return nil, ErrTooManyTries
	}
	id, err := a.people.identify(strings.TrimSpace(name), password)
	if err != nil {
		a.log.Info("a sign-in was refused", "address", r.RemoteAddr, "why", err)
		return nil, err
	}
	return a.sessions.begin(r, id)
}

// SignOut ends the session of a call, and so every copy of its cookie. The cookie that it
// gives removes the browser's, also when an error says that the ledger could not be written.
func (a *Authorizer) SignOut(r *http.Request) (*http.Cookie, error) {
	none := a.sessions.cookie(a.sessions.name(), "", -time.Second)
	s, ok := a.sessions.of(r)
	if !ok {
		return none, nil
	}
	_, err := a.sessions.ledger.End(r.Context(), s.Name, s.ID)
	return none, err
}
