package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Providers makes the sign-in providers of a configuration, with the secrets that its files
// or the environment hold. Transport carries all calls; nil for the network.
func Providers(c config.Config, transport http.RoundTripper) (map[string]identity.Provider, error) {
	all := map[string]identity.Provider{}
	if o := c.SignIn.OIDC; o != nil {
		secret, err := clientSecret(o.SecretFile, config.OIDCSecretVariable)
		if err != nil {
			return nil, fmt.Errorf("sign_in.oidc: %w", err)
		}
		all[identity.ViaOIDC] = identity.NewOIDC(identity.OIDCOptions{
			Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: secret, Scopes: o.Scopes, GroupsClaim: o.GroupsClaim,
			Prompt: o.Prompt, TrustEmail: o.TrustEmail, LogoutURL: o.LogoutURL, Transport: transport, Now: ledger.Now,
		})
	}
	if g := c.SignIn.GitHub; g != nil {
		secret, err := clientSecret(g.SecretFile, config.GitHubClientSecretVariable)
		if err != nil {
			return nil, fmt.Errorf("sign_in.github: %w", err)
		}
		o := identity.GitHubOptions{
			URL: c.GitHub.URL, APIURL: c.GitHub.APIURL, ClientID: g.ClientID, ClientSecret: secret, Scopes: g.Scopes, Transport: transport,
		}
		for _, r := range g.Allow {
			o.Organizations, o.Teams = addOnce(o.Organizations, r.Organization), addOnce(o.Teams, r.Team)
			if r.Permission == "" {
				continue
			}
			for _, site := range c.Sites {
				o.Repositories = addOnce(o.Repositories, site.GitHub.Repository)
			}
		}
		all[identity.ViaGitHub] = identity.NewGitHub(o)
	}
	return all, nil
}

// addOnce adds a text to a list that does not have it.
func addOnce(list []string, one string) []string {
	if one == "" || slices.Contains(list, one) {
		return list
	}
	return append(list, one)
}

// clientSecret reads a secret from its file, or else from the environment.
func clientSecret(file, variable string) (string, error) {
	secret := os.Getenv(variable)
	if file != "" {
		text, err := os.ReadFile(filepath.Clean(file))
		if err != nil {
			return "", fmt.Errorf("read the client's secret: %w", err)
		}
		secret = string(text)
	}
	if secret = strings.TrimSpace(secret); secret == "" {
		return "", fmt.Errorf("there is no client secret: put it into client_secret_file, or into %s", variable)
	}
	return secret, nil
}

// attempt is a sign-in under way: the browser's cookie holds it, sealed.
type attempt struct {
	Via      string    `json:"v"`
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"p"`
	Next     string    `json:"t"`
	Until    time.Time `json:"e"`
}

// attemptLife is how long somebody may take to sign in at the provider.
const attemptLife = 15 * time.Minute

// ErrNoAttempt is the error of a return from a provider whose attempt was not begun in this
// browser, has expired, or was used already.
var ErrNoAttempt = errors.New("no attempt to sign in waits for this answer")

// NotAllowed is the error of somebody who signed in and whom no rule admits.
type NotAllowed struct{ Name string }

// Error says so.
func (n *NotAllowed) Error() string { return n.Name + " may not use Pressrun" }

// Begin begins a sign-in at a provider: the browser gets the cookie and is sent to the
// address. next is the page to return to afterwards.
func (a *Authorizer) Begin(ctx context.Context, via, next string) (string, *http.Cookie, error) {
	provider, ok := a.providers[via]
	if !ok {
		return "", nil, ErrNoAttempt
	}
	at := attempt{Via: via, State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Next: next, Until: until(attemptLife)}
	address, err := provider.Begin(ctx, at.seenBy(a.config.URL))
	if err != nil {
		a.log.WarnContext(ctx, "a sign-in could not begin", "via", via, "error", err)
		return "", nil, err
	}
	return address, a.sessions.cookie(a.attemptCookie(via), a.keys.seal(kindAttempt, at), attemptLife), nil
}

// seenBy is an attempt as a provider sees it. Each provider has a redirect address of its
// own, so that none can answer for another (RFC 9700, 2.1).
func (at attempt) seenBy(app string) identity.Attempt {
	return identity.Attempt{State: at.State, Nonce: at.Nonce, Verifier: at.Verifier, Redirect: strings.TrimRight(app, "/") + "/signin/" + at.Via + "/callback"}
}

func (a *Authorizer) attemptCookie(via string) string { return a.sessions.name() + "-" + via }

// Entered is a finished sign-in: the cookie of the session.
type Entered struct {
	Cookie *http.Cookie
	// Next is the page to return to.
	Next string
}

// AttemptOver is the cookie that removes an attempt's from the browser.
func (a *Authorizer) AttemptOver(via string) *http.Cookie {
	return a.sessions.cookie(a.attemptCookie(via), "", -time.Second)
}

// Finish signs in a browser that returns from a provider. An attempt is good once. It
// fails with ErrNoAttempt, ErrTooManyTries, a *NotAllowed, an *identity.Refused or
// identity.ErrUnreachable.
func (a *Authorizer) Finish(r *http.Request, via string) (Entered, error) {
	ctx := r.Context()
	if !a.addresses.allow(networkOf(r.RemoteAddr), time.Now()) {
		return Entered{}, ErrTooManyTries
	}
	provider, ok := a.providers[via]
	cookie, err := r.Cookie(a.attemptCookie(via))
	if !ok || err != nil {
		return Entered{}, ErrNoAttempt
	}
	var at attempt
	// An answer to another attempt does not use this one up.
	if !a.keys.open(kindAttempt, cookie.Value, &at) || at.Via != via || !ledger.Now().Before(at.Until) || r.URL.Query().Get("state") != at.State {
		return Entered{}, ErrNoAttempt
	}
	first, err := a.useUp(ctx, at)
	if err != nil {
		return Entered{}, err
	}
	if !first {
		return Entered{}, ErrNoAttempt
	}
	id, err := provider.Finish(ctx, at.seenBy(a.config.URL), r.URL.Query())
	if err != nil {
		a.log.WarnContext(ctx, "a sign-in was refused", "via", via, "address", r.RemoteAddr, "error", err)
		return Entered{Next: at.Next}, err
	}
	if a.callerOf(id) == nil {
		a.log.InfoContext(ctx, "somebody signed in whom no rule admits", "via", via, "name", id.Name)
		return Entered{Next: at.Next}, &NotAllowed{id.Name}
	}
	session, err := a.sessions.begin(r, id)
	return Entered{Cookie: session, Next: at.Next}, err
}

// useUp says whether an attempt was not used before.
func (a *Authorizer) useUp(ctx context.Context, at attempt) (first bool, err error) {
	if first, err = a.ledger.Deliveries().UseOnce(ctx, "sign-in:"+HashToken(at.State), at.Until); err != nil {
		return false, err
	}
	return first, a.ledger.Deliveries().Forget(ctx, time.Time{}) // expired single-use names, and no webhooks
}

// SignOutElsewhere is the address at which somebody signs out of the provider too, "" for
// none.
func (a *Authorizer) SignOutElsewhere() string {
	for _, provider := range a.providers {
		if address := provider.SignOut(strings.TrimRight(a.config.URL, "/") + "/signin"); address != "" {
			return address
		}
	}
	return ""
}
