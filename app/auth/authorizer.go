package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
)

// role is what a caller may do. Each may also do what is said of it in
// docs/api.md; operators may do everything.
type role string

const (
	roleCMS      role = "cms"
	roleRun      role = "run"
	roleEditor   role = "editor"
	roleOperator role = "operator"
	// roleJob and roleSession are those of the app's own credentials.
	roleJob     role = "job"
	roleSession role = "session"
)

// caller is who makes a call.
type caller struct {
	name  string
	role  role
	sites []string // empty: all
	grant grant    // of a job or session
	// identity is that of a GitHub run. refused is why somebody who said who
	// they are is not let in.
	identity *identity
	refused  *api.Problem
	local    bool // let in for being on this machine, by no token
}

func (c *caller) sees(site string) bool {
	if c.role == roleJob || c.role == roleSession {
		return c.grant.Site == site
	}
	return len(c.sites) == 0 || slices.Contains(c.sites, site)
}

// mayAskAs says whether the caller may make requests of a source: a CMS
// speaks for its editors and its schedule, nobody else for an operator.
func (c *caller) mayAskAs(source release.Source) bool {
	switch c.role {
	case roleOperator:
		return true
	case roleCMS:
		return source == release.FromContent || source == release.FromEditor || source == release.FromSchedule
	case roleEditor:
		return source == release.FromEditor
	case roleRun:
		return source == release.FromWorkflow
	case roleJob, roleSession, roleGitHub:
		return false
	}
	return false
}

// sourcesWords name the sources as which a caller may ask.
func (c *caller) sourcesWords() string {
	var words []string
	for _, s := range release.Sources {
		if c.mayAskAs(s) {
			words = append(words, string(s))
		}
	}
	return strings.Join(words, " or ")
}

// tokens are the configured bearer tokens, by their hashes.
type tokens []config.Token

func newTokens(configured []config.Token) tokens { return slices.Clone(configured) }

// find looks a token up by its hash. It compares all of them, each in
// constant time.
func (t tokens) find(hash string) (config.Token, bool) {
	var found config.Token
	ok := false
	for _, known := range t {
		if subtle.ConstantTimeCompare([]byte(known.SHA256), []byte(hash)) == 1 {
			found, ok = known, true
		}
	}
	return found, ok
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// cookieName is that of the pages' session.
const cookieName = "pressrun"

// caller identifies who makes a call: by bearer token, by a credential of the
// app's own, by the pages' cookie, or, where the configuration lets anybody on
// this machine in, by being here. It is nil for nobody.
func (a *App) caller(r *http.Request) *caller {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, bearer, ok := strings.Cut(header, " ")
		if !ok || !strings.EqualFold(scheme, "Bearer") { // RFC 9110, section 11.1: in any case
			return nil
		}
		return a.bearer(r.Context(), strings.TrimLeft(bearer, " "))
	}
	if g, ok := a.session(r); ok {
		return a.ofToken(g.Token)
	}
	if a.config.Pages.Access == "loopback" {
		return &caller{name: "somebody on this machine", role: roleOperator, local: true}
	}
	return nil
}

func (a *App) bearer(ctx context.Context, token string) *caller {
	if c, ok := a.github.identified(ctx, token); ok {
		return c
	}
	for kind, as := range map[string]role{kindJob: roleJob, kindSession: roleSession} {
		if g, ok := a.keys.check(kind, token, time.Now()); ok {
			return a.ofRun(ctx, as, g)
		}
	}
	return a.ofToken(hashToken(token))
}

func (a *App) ofToken(hash string) *caller {
	t, ok := a.tokens.find(hash)
	if !ok {
		return nil
	}
	return &caller{name: t.Name, role: role(t.Role), sites: t.Sites}
}
