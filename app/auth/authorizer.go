package auth

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/runner"
)

// RunIdentifier knows the runs of a runner by the bearer tokens that they show.
type RunIdentifier interface {
	// Identify tells which run a bearer token is of; see runner.Provider.
	Identify(ctx context.Context, bearer string) (runner.Identity, bool, error)
}

// Options are what New needs.
type Options struct {
	Config config.Config
	Ledger *ledger.Ledger
	Keys   Keys
	Log    *slog.Logger
	// Runs knows runs by tokens that are not the app's own; nil for none.
	Runs RunIdentifier
	// Providers are the sign-in providers, by identity.ViaOIDC and ViaGitHub; see
	// Providers.
	Providers map[string]identity.Provider
}

// Authorizer knows callers, and decides what they may do.
type Authorizer struct {
	config config.Config
	ledger *ledger.Ledger
	keys   Keys
	log    *slog.Logger
	runs   RunIdentifier
	tokens tokens

	sessions  *sessions
	providers map[string]identity.Provider
	people    *people
	proxies   *proxies
	addresses *tries[netip.Prefix]
}

// New makes the Authorizer of a configuration.
func New(o Options) *Authorizer {
	return &Authorizer{
		config: o.Config, ledger: o.Ledger, keys: o.Keys, log: o.Log, runs: o.Runs,
		tokens: slices.Clone(o.Config.Tokens), providers: o.Providers, sessions: newSessions(o.Config, o.Ledger, o.Log),
		people: newPeople(o.Config.SignIn.People), proxies: newProxies(o.Config.SignIn.Header, o.Log), addresses: newTries[netip.Prefix](),
	}
}

// Caller identifies the caller of a call: by bearer token, by a credential of the app's
// own, by the headers of a trusted proxy, by the pages' cookie, or, where the configuration
// admits everybody on this machine, by being here. It is nil for an unknown caller.
func (a *Authorizer) Caller(r *http.Request) *Caller {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, bearer, ok := strings.Cut(header, " ")
		if !ok || !strings.EqualFold(scheme, "Bearer") { // RFC 9110, section 11.1: in any case
			return nil
		}
		return a.bearer(r.Context(), strings.TrimLeft(bearer, " "))
	}
	if id, ok := a.proxies.identify(r); ok {
		return a.throughProxy(id)
	}
	if s, ok := a.sessions.of(r); ok {
		c := a.callerOf(identityOf(s))
		if c != nil {
			c.Session = s.ID
			a.sessions.used(r.Context(), s)
		}
		return c
	}
	if a.config.Pages.Access == config.AccessLoopback {
		return &Caller{Name: "somebody on this machine", Role: Operator, Local: true}
	}
	return nil
}

// StillGood says whether the caller of a stream may go on: the sign-in behind it may have
// ended. An open stream does not count as a use of the sign-in, so that an idle one ends
// although a page is open.
func (a *Authorizer) StillGood(r *http.Request) bool {
	if c := From(r.Context()); c != nil && c.Session != "" {
		s, ok := a.sessions.of(r)
		return ok && a.callerOf(identityOf(s)) != nil
	}
	return a.Caller(r) != nil
}

func (a *Authorizer) bearer(ctx context.Context, token string) *Caller {
	if a.runs != nil {
		if id, ok, err := a.runs.Identify(ctx, token); ok {
			return identified(id, err)
		}
	}
	for kind, as := range map[string]Role{kindJob: Job, kindSession: Session} {
		if g, ok := a.keys.Check(kind, token, ledger.Now()); ok {
			return a.ofRun(ctx, as, g)
		}
	}
	return a.tokens.caller(HashToken(token))
}

// Refusal tells why a caller may not make a call, before anything of the call is read; nil
// when they have one of the roles. The site is empty for a call about no site, or about all.
func (a *Authorizer) Refusal(c *Caller, site string, roles ...Role) *api.Problem {
	if c == nil {
		return problem.New(http.StatusUnauthorized, "unauthorized", "no token came that this app knows: send one as Authorization: Bearer TOKEN")
	}
	if c.Refused != nil {
		return c.Refused
	}
	if !slices.Contains(roles, c.Role) {
		return problem.New(http.StatusForbidden, "forbidden", "a token of role "+string(c.Role)+" may not do this; it takes "+rolesWords(roles))
	}
	if site == "" {
		return nil
	}
	if !c.Sees(site) {
		return problem.New(http.StatusForbidden, "forbidden", "this token is not good for site "+site+"; GET /v1/sites lists those that it is good for")
	}
	if _, ok := a.config.Sites[site]; !ok {
		return problem.New(http.StatusNotFound, "no_site", "there is no site "+site)
	}
	return nil
}

// RefusalOfAll is Refusal for a call about all sites at once, which can't leave any out: a
// credential for some sites is refused.
func (a *Authorizer) RefusalOfAll(c *Caller, roles ...Role) *api.Problem {
	if p := a.Refusal(c, "", roles...); p != nil {
		return p
	}
	if len(c.Sites) > 0 {
		return problem.New(http.StatusForbidden, "forbidden", "this token is good for some sites, and this call is about all: it takes a token without a list of sites, "+rolesWords(roles))
	}
	return nil
}

// rolesWords name the roles of which one is needed.
func rolesWords(roles []Role) string {
	var configured []string
	for _, r := range roles {
		switch r {
		case Session:
			return "the session that a run gets with its claim"
		case CMS, Run, Editor, Operator, Monitor:
			configured = append(configured, string(r))
		case Job, GitHub: // a run's own, which people can't choose
		}
	}
	return "one of role " + strings.Join(configured, " or ")
}
