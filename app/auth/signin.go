package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"
)

const (
	// cookieName is the cookie's without HTTPS. With it, the prefix has browsers take
	// the cookie from this very host alone: a neighbour below the same domain can't
	// plant one of its own (RFC 6265bis, 4.1.3.2).
	cookieName     = "pressrun"
	hostCookieName = "__Host-pressrun"
	// signedInFor is how long a sign-in lasts, and a copy of the cookie is good.
	// Signing out ends it, and so does removing the token from the configuration.
	signedInFor = 12 * time.Hour
)

// The refusals of a sign-in.
var (
	ErrTooManyTries = errors.New("too many tries to sign in from this address")
	ErrUnknownToken = errors.New("no configured token")
	ErrNotForPeople = errors.New("a program's token")
)

// SignInRetry is how long to wait after ErrTooManyTries.
const SignInRetry = signInEvery

// SignIn gives the cookie for the token of an editor or operator. remote is
// the address of the connection.
func (a *Authorizer) SignIn(remote, token string) (*http.Cookie, error) {
	if !a.tries.allow(remote, time.Now()) {
		return nil, ErrTooManyTries
	}
	hash := HashToken(strings.TrimSpace(token))
	c := a.tokens.caller(hash)
	switch {
	case c == nil:
		a.log.Info("a sign-in was refused", "address", remote)
		return nil, ErrUnknownToken
	case c.Role != Editor && c.Role != Operator:
		return nil, ErrNotForPeople
	}
	value := a.keys.Mint(kindCookie, Grant{ID: rand.Text(), Token: hash, Until: until(signedInFor)})
	return a.cookie(value, signedInFor), nil
}

// SignOut makes the cookie of a call worthless, wherever copies of it are. The
// cookie that it gives takes it from the browser, even if an error says that the
// ledger could not be written.
func (a *Authorizer) SignOut(r *http.Request) (*http.Cookie, error) {
	none := a.cookie("", -time.Second)
	g, ok := a.signedIn(r)
	if !ok {
		return none, nil
	}
	return none, a.endSignIn(r.Context(), g)
}

func (a *Authorizer) endSignIn(ctx context.Context, g Grant) error {
	if _, err := a.ledger.UseOnce(ctx, g.signedOut(), g.Until); err != nil {
		return err
	}
	return a.ledger.Forget(ctx, time.Time{}) // sign-ins whose time is over, and no webhooks
}

// signedIn is what the cookie of a call is good for; false when there is none,
// its time is over, or somebody has signed out with it.
func (a *Authorizer) signedIn(r *http.Request) (Grant, bool) {
	cookie, err := r.Cookie(a.cookieName())
	if err != nil {
		return Grant{}, false
	}
	g, ok := a.keys.Check(kindCookie, cookie.Value, time.Now())
	if !ok {
		return Grant{}, false
	}
	out, err := a.ledger.Used(r.Context(), g.signedOut())
	if err != nil {
		a.logUnlessGone(r.Context(), "sign-outs can't be read", "error", err)
	}
	return g, err == nil && !out
}

// signedOut is the name that is used up once somebody signs out.
func (g Grant) signedOut() string { return "signed-out:" + g.ID }

// cookie is the pages' sign-in: not for scripts, not for other sites' forms.
func (a *Authorizer) cookie(value string, lasts time.Duration) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // G124: without HTTPS a browser would not send a Secure cookie back
		Name: a.cookieName(), Value: value, Path: "/", MaxAge: int(lasts / time.Second),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: a.secure(),
	}
}

func (a *Authorizer) secure() bool { return strings.HasPrefix(a.config.URL, "https:") }

func (a *Authorizer) cookieName() string {
	if a.secure() {
		return hostCookieName
	}
	return cookieName
}
