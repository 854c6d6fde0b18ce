package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// OIDCOptions set up sign-in by an OpenID Connect provider.
type OIDCOptions struct {
	// Issuer is its address, as its tokens have it.
	Issuer, ClientID, ClientSecret string
	// Scopes are asked for beside openid.
	Scopes []string
	// GroupsClaim names the claim with the groups; dots lead into objects.
	GroupsClaim string
	// Prompt is OpenID Connect's: login, consent, select_account; "" for the
	// provider's own way.
	Prompt string
	// TrustEmail accepts an e-mail address without the claim email_verified.
	TrustEmail bool
	// LogoutURL is where people sign out of the provider; "" for the one that the provider names.
	LogoutURL string
	// Transport is below all calls; nil for the network.
	Transport http.RoundTripper
	// Now is the clock; nil for time.Now.
	Now func() time.Time
}

// OIDC is an OpenID Connect provider. Its configuration is read when the first person
// signs in, and asked for again until it comes.
type OIDC struct {
	options OIDCOptions
	client  *http.Client

	mu     sync.Mutex
	known  *oidc.Provider
	failed time.Time
	cause  error
}

const (
	// askAgain is the pause after a provider failed to answer.
	askAgain = 2 * time.Second
	// skew is how much the provider's clock and this one may differ.
	skew = 30 * time.Second
	// google is an issuer that vouches for an address's domain only by the claim hd
	// (https://developers.google.com/identity/openid-connect/openid-connect).
	google = "https://accounts.google.com"
)

// algorithms are the accepted signatures: those that only the provider can make. HS256,
// whose key the client knows too, is not among them.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA}

// NewOIDC makes the provider; it calls nobody.
func NewOIDC(o OIDCOptions) *OIDC {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &OIDC{options: o, client: client(o.Transport)}
}

// provider gives the provider's configuration, and asks for it when it is not known yet.
func (p *OIDC) provider(ctx context.Context) (*oidc.Provider, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known != nil {
		return p.known, nil
	}
	if p.cause != nil && p.options.Now().Before(p.failed.Add(askAgain)) {
		return nil, p.cause
	}
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.options.Issuer)
	if err != nil {
		p.failed, p.cause = p.options.Now(), fmt.Errorf("%w: read what %s says of itself: %w", ErrUnreachable, p.options.Issuer, err)
		return nil, p.cause
	}
	p.known = found
	return found, nil
}

func (p *OIDC) oauth(known *oidc.Provider, redirect string) *oauth2.Config {
	endpoint := known.Endpoint()
	var says struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	// A secret in the body needs no second encoding, on which providers disagree.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if err := known.Claims(&says); err == nil && slices.Contains(says.Methods, "client_secret_post") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &oauth2.Config{
		ClientID: p.options.ClientID, ClientSecret: p.options.ClientSecret, Endpoint: endpoint, RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.options.Scopes...),
	}
}

// Begin gives the address to which a browser is sent: with state, nonce and a challenge,
// so that a stolen code is useless (RFC 7636).
func (p *OIDC) Begin(ctx context.Context, a Attempt) (string, error) {
	known, err := p.provider(ctx)
	if err != nil {
		return "", err
	}
	with := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)}
	if p.options.Prompt != "" {
		with = append(with, oauth2.SetAuthURLParam("prompt", p.options.Prompt))
	}
	return p.oauth(known, a.Redirect).AuthCodeURL(a.State, with...), nil
}

// Finish exchanges the code and checks the token: its signature, issuer,
// audience, time and nonce.
func (p *OIDC) Finish(ctx context.Context, a Attempt, query url.Values) (Identity, error) {
	code, err := answered(a, query, p.options.Issuer)
	if err != nil {
		return Identity{}, err
	}
	known, err := p.provider(ctx)
	if err != nil {
		return Identity{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	tokens, err := p.oauth(known, a.Redirect).Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return Identity{}, exchangeError(err)
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return Identity{}, refused("the sign-in service gave no ID token")
	}
	token, err := known.Verifier(&oidc.Config{
		ClientID: p.options.ClientID, SupportedSigningAlgs: algorithms,
		Now: func() time.Time { return p.options.Now().Add(-skew) },
	}).Verify(ctx, raw)
	if err != nil {
		return Identity{}, refused("the ID token is not believed: %v", err)
	}
	found := claims{}
	if err := token.Claims(&found); err != nil {
		return Identity{}, refused("the ID token can't be read: %v", err)
	}
	if err := p.checkToken(token, found, a); err != nil {
		return Identity{}, err
	}
	if known.UserInfoEndpoint() != "" && found.lacks("email", p.options.GroupsClaim) {
		if err := p.ask(ctx, known, tokens, token.Subject, found); err != nil {
			return Identity{}, err
		}
	}
	return p.identity(token.Subject, found)
}

// exchangeError tells a provider that refuses a code from one that is away. The
// error's own text may repeat what the provider answered.
func exchangeError(err error) error {
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response != nil && answer.Response.StatusCode < 500 {
		return refused("the sign-in service refused the code: %s", clean(answer.ErrorCode+" "+answer.ErrorDescription))
	}
	return fmt.Errorf("%w: exchange the code: %w", ErrUnreachable, err)
}

// checkToken refuses a token of another attempt, or of another client of the provider
// (OpenID Connect Core 1.0, 3.1.3.7).
func (p *OIDC) checkToken(token *oidc.IDToken, found claims, a Attempt) error {
	switch {
	case a.Nonce == "" || token.Nonce != a.Nonce:
		return refused("the ID token is that of another attempt to sign in")
	case token.Subject == "":
		return refused("the ID token names nobody")
	case token.IssuedAt.After(p.options.Now().Add(skew)):
		return refused("the ID token is from the future: the clocks of this machine and of the sign-in service differ")
	case (len(token.Audience) > 1 || found.text("azp") != "") && found.text("azp") != p.options.ClientID:
		return refused("the ID token was given to another client")
	}
	return nil
}

// ask adds the claims of the provider's UserInfo endpoint.
func (p *OIDC) ask(ctx context.Context, known *oidc.Provider, tokens *oauth2.Token, subject string, found claims) error {
	info, err := known.UserInfo(ctx, oauth2.StaticTokenSource(tokens))
	if err != nil {
		return fmt.Errorf("%w: ask who somebody is: %w", ErrUnreachable, err)
	}
	if info.Subject != subject {
		return refused("the sign-in service answered for another person than the ID token names")
	}
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return refused("the answer of the sign-in service can't be read: %v", err)
	}
	for name, value := range more {
		if _, ok := found[name]; !ok {
			found[name] = value
		}
	}
	return nil
}

// identity makes an Identity of the claims.
func (p *OIDC) identity(subject string, found claims) (Identity, error) {
	if found.elsewhere(p.options.GroupsClaim) {
		return Identity{}, refused("the account has so many groups that the sign-in service left them out: have it send only those that belong to Pressrun (Entra ID: groups assigned to the application)")
	}
	id := Identity{Via: ViaOIDC, Subject: subject, Groups: found.list(p.options.GroupsClaim)}
	address := strings.ToLower(found.text("email"))
	if verified, said := found.yes("email_verified"); verified || p.options.TrustEmail && !said {
		id.Email = address
	}
	if at := strings.LastIndexByte(id.Email, '@'); at >= 0 {
		id.Domain = id.Email[at+1:]
	}
	if p.options.Issuer == google {
		id.Domain = strings.ToLower(found.text("hd"))
	}
	unique := id.Email
	if unique == "" {
		unique = "account " + subject
	}
	id.Name = Called(found.text("name"), unique)
	return id, nil
}

// SignOut gives the address at which people sign out of the provider (OpenID Connect
// RP-Initiated Logout 1.0); "" if it is not known.
func (p *OIDC) SignOut(back string) string {
	if p.options.LogoutURL != "" {
		return p.options.LogoutURL
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		return ""
	}
	var says struct {
		End string `json:"end_session_endpoint"`
	}
	if err := p.known.Claims(&says); err != nil {
		return ""
	}
	u, err := url.Parse(says.End)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	query := u.Query()
	query.Set("client_id", p.options.ClientID)
	query.Set("post_logout_redirect_uri", back)
	u.RawQuery = query.Encode()
	return u.String()
}
