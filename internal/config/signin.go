package config

import (
	"cmp"
	"net/netip"
	"time"
)

// SignIn says how people sign in to the pages, beside or instead of tokens.
type SignIn struct {
	// Tokens says whether the token of an editor or operator signs in to the pages.
	Tokens *bool `yaml:"tokens" json:"tokens,omitempty" jsonschema:"default=true"`
	// Limit ends a sign-in, used or not.
	Limit *Duration `yaml:"limit" json:"limit,omitempty" jsonschema:"default=12h"`
	// Idle ends a sign-in that has not been used for so long.
	Idle *Duration `yaml:"idle" json:"idle,omitempty" jsonschema:"default=4h"`
	// Ask says whom to ask for access, such as the web team's address.
	Ask string `yaml:"ask" json:"ask,omitempty"`
	// OIDC is an OpenID Connect provider.
	OIDC *OIDC `yaml:"oidc" json:"oidc,omitempty"`
	// GitHub lets people in by their memberships at GitHub.
	GitHub *SignInGitHub `yaml:"github" json:"github,omitempty"`
	// Header trusts a proxy that signs people in.
	Header *SignInHeader `yaml:"header" json:"header,omitempty"`
	// People are local accounts.
	People []Person `yaml:"people" json:"people,omitempty"`
}

// OIDC is an OpenID Connect provider: Keycloak, Entra ID, Google and others.
type OIDC struct {
	// Name is the text of the button, such as Agency sign-in.
	Name string `yaml:"name" json:"name,omitempty"`
	// Issuer is the provider's address, exactly as its tokens have it.
	Issuer string `yaml:"issuer" json:"issuer"`
	// ClientID is Pressrun's client id at the provider.
	ClientID string `yaml:"client_id" json:"client_id"`
	// SecretFile holds the client's secret; left out,
	// PRESSRUN_OIDC_CLIENT_SECRET holds it.
	SecretFile string `yaml:"client_secret_file" json:"client_secret_file,omitempty"`
	// Scopes are asked for beside openid; profile and email when left out.
	Scopes []string `yaml:"scopes" json:"scopes,omitempty"`
	// GroupsClaim is the claim with the groups; dots lead into objects, such as
	// realm_access.roles.
	GroupsClaim string `yaml:"groups_claim" json:"groups_claim,omitempty" jsonschema:"default=groups"`
	// Prompt makes the provider ask again: login, consent or select_account.
	Prompt string `yaml:"prompt" json:"prompt,omitempty" jsonschema:"enum=login,enum=consent,enum=select_account"`
	// TrustEmail accepts addresses without the provider's word that it has verified them.
	// Only for a provider at which no outsider can have an account.
	TrustEmail bool `yaml:"trust_email" json:"trust_email,omitempty" jsonschema:"default=false"`
	// LogoutURL is where people sign out of the provider too; the provider's own when left out.
	LogoutURL string `yaml:"logout_url" json:"logout_url,omitempty"`
	// Allow says who gets in, and in which role. The first matching rule counts.
	Allow []Allow `yaml:"allow" json:"allow"`
}

// Allow lets people in: those of a group, one address, or all of a domain.
type Allow struct {
	// Group is a value of the groups claim.
	Group string `yaml:"group" json:"group,omitempty"`
	// Email is one person's verified address.
	Email string `yaml:"email" json:"email,omitempty"`
	// Domain lets everybody in who has a verified address of it.
	Domain string `yaml:"domain" json:"domain,omitempty"`
	// Role is editor or operator.
	Role string `yaml:"role" json:"role" jsonschema:"enum=editor,enum=operator"`
	// Sites limits them to these; empty means all.
	Sites []string `yaml:"sites" json:"sites,omitempty"`
}

// SignInGitHub is the GitHub App's own sign-in, at the GitHub of github.url.
type SignInGitHub struct {
	// ClientID is the App's client id, as its page shows it.
	ClientID string `yaml:"client_id" json:"client_id"`
	// SecretFile holds the App's client secret; left out,
	// PRESSRUN_GITHUB_CLIENT_SECRET holds it.
	SecretFile string `yaml:"client_secret_file" json:"client_secret_file,omitempty"`
	// Scopes are for an OAuth app, such as read:org; a GitHub App needs none.
	Scopes []string `yaml:"scopes" json:"scopes,omitempty"`
	// Allow says who gets in, and in which role. The first matching rule counts.
	Allow []AllowGitHub `yaml:"allow" json:"allow"`
}

// AllowGitHub lets people of GitHub in: an organization's or team's members, those with a
// permission on the sites' repositories, or one person.
type AllowGitHub struct {
	// Organization is its name in addresses.
	Organization string `yaml:"organization" json:"organization,omitempty"`
	// Team is organization/team, as in addresses.
	Team string `yaml:"team" json:"team,omitempty"`
	// Permission is the permission that they must have on a site's repository; they get
	// in for those sites only.
	Permission string `yaml:"permission" json:"permission,omitempty" jsonschema:"enum=triage,enum=push,enum=maintain,enum=admin"`
	// User is one person's login.
	User string `yaml:"user" json:"user,omitempty"`
	// Role is editor or operator.
	Role string `yaml:"role" json:"role" jsonschema:"enum=editor,enum=operator"`
	// Sites limits them to these; empty means all.
	Sites []string `yaml:"sites" json:"sites,omitempty"`
}

// SignInHeader trusts the headers of a proxy that has signed people in.
type SignInHeader struct {
	// Proxies are the addresses of the proxies, single or as CIDR. Headers from
	// anywhere else are ignored.
	Proxies []string `yaml:"proxies" json:"proxies"`
	// User is the header with the person's unique id, such as X-Forwarded-User.
	User string `yaml:"user" json:"user"`
	// Name is the header with the name for people.
	Name string `yaml:"name" json:"name,omitempty"`
	// Email is the header with the address.
	Email string `yaml:"email" json:"email,omitempty"`
	// Groups is the header with the groups, separated by commas.
	Groups string `yaml:"groups" json:"groups,omitempty"`
	// LogoutURL is where people sign out of the proxy, such as /oauth2/sign_out.
	LogoutURL string `yaml:"logout_url" json:"logout_url,omitempty"`
	// Allow says who gets in, and in which role. The first matching rule counts.
	Allow []Allow `yaml:"allow" json:"allow"`
}

// Person is a local account.
type Person struct {
	// Name is what they sign in with, and what all records show.
	Name string `yaml:"name" json:"name"`
	// Role is editor or operator.
	Role string `yaml:"role" json:"role" jsonschema:"enum=editor,enum=operator"`
	// Sites limits them to these; empty means all.
	Sites []string `yaml:"sites" json:"sites,omitempty"`
	// Password is an Argon2id hash, as made by pressrun password.
	Password string `yaml:"password" json:"password"`
}

// The environment variables with secrets for sign-in.
const (
	OIDCSecretVariable         = "PRESSRUN_OIDC_CLIENT_SECRET"   //nolint:gosec // G101: the name of a variable
	GitHubClientSecretVariable = "PRESSRUN_GITHUB_CLIENT_SECRET" //nolint:gosec // G101: the name of a variable
)

const (
	defaultSignInLimit = 12 * time.Hour
	defaultSignInIdle  = 4 * time.Hour
	defaultGroupsClaim = "groups"
	minSignIn          = 5 * time.Minute
	maxSignIn          = 30 * 24 * time.Hour
)

// Lasts is how long a sign-in is valid at most, and how long without being used.
func (s SignIn) Lasts() (limit, idle time.Duration) {
	limit, idle = defaultSignInLimit, defaultSignInIdle
	if s.Limit != nil {
		limit = s.Limit.Std()
	}
	if s.Idle != nil {
		idle = s.Idle.Std()
	}
	return limit, min(idle, limit)
}

// TakesTokens says whether tokens sign in to the pages.
func (s SignIn) TakesTokens() bool { return s.Tokens == nil || *s.Tokens }

// any says whether people can sign in without a token.
func (s SignIn) any() bool {
	return s.OIDC != nil || s.GitHub != nil || s.Header != nil || len(s.People) > 0
}

func (s SignIn) withDefaults(folder string) SignIn {
	if s.OIDC != nil {
		o := *s.OIDC
		o.Name = cmp.Or(o.Name, "your organization")
		o.GroupsClaim = cmp.Or(o.GroupsClaim, defaultGroupsClaim)
		if o.Scopes == nil {
			o.Scopes = []string{"profile", "email"}
		}
		if o.SecretFile != "" {
			o.SecretFile = absolute(folder, o.SecretFile)
		}
		s.OIDC = &o
	}
	if s.GitHub != nil && s.GitHub.SecretFile != "" {
		g := *s.GitHub
		g.SecretFile = absolute(folder, g.SecretFile)
		s.GitHub = &g
	}
	return s
}

// proxy reads an address or a network.
func proxy(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(address.Unmap(), address.Unmap().BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// Networks are the addresses of the proxies.
func (h SignInHeader) Networks() []netip.Prefix {
	var out []netip.Prefix
	for _, text := range h.Proxies {
		if p, err := proxy(text); err == nil { // Load has refused all others
			out = append(out, p.Masked())
		}
	}
	return out
}
