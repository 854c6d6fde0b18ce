package auth

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/identity"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// Role is the role of a caller; docs/api.md lists the calls that each may make.
type Role string

// The roles of configured tokens.
const (
	CMS      Role = "cms"
	Run      Role = "run"
	Editor   Role = "editor"
	Operator Role = "operator"
	Monitor  Role = "monitor" // reads figures, and nothing else
)

// The roles of credentials that no configuration names.
const (
	// Job and Session are the roles of the credentials that the app mints for a run.
	Job     Role = "job"
	Session Role = "session"
	// GitHub is the role of a run that GitHub's OIDC token or a shared secret
	// identifies. It is good for one claim.
	GitHub Role = "github run"
)

// Readers are the roles that may see a site.
var Readers = []Role{CMS, Editor, Operator}

// Caller is who makes a call.
type Caller struct {
	Name  string
	Role  Role
	Sites []string // empty: all
	Grant Grant    // of a Job or Session
	// Identity is that of a run that its runner identified.
	Identity *runner.Identity
	// Refused is the refusal of a caller who is known and not admitted.
	Refused *api.Problem
	// Local is set for a caller who is admitted for being on this machine.
	Local bool
	// Via and Subject identify a person, whose name need not be unique; Session is the
	// sign-in of this call, "" for a call without one.
	Via, Subject, Session string
}

// identified is the caller that a runner identified, or refused.
func identified(id runner.Identity, err error) *Caller {
	if err == nil {
		return &Caller{Name: id.Name, Role: GitHub, Sites: id.Sites, Identity: &id}
	}
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return &Caller{Refused: p}
	}
	return Refused(http.StatusServiceUnavailable, "unavailable", "the runner can't be asked about this run now; try again in a moment")
}

// Refused is a caller who is not admitted, and why.
func Refused(status int, code, why string) *Caller {
	return &Caller{Refused: problem.New(status, code, why)}
}

// Named says that the sign-in is that of one person. Several people may share a token or
// this machine.
func (c *Caller) Named() bool { return c.Subject != "" && c.Via != identity.ViaToken }

// Sees says whether the caller's credential is good for a site.
func (c *Caller) Sees(site string) bool {
	if c.Role == Job || c.Role == Session {
		return c.Grant.Site == site
	}
	return len(c.Sites) == 0 || slices.Contains(c.Sites, site)
}

// MayAskAs says whether the caller may make requests of a source: a CMS may for its editors
// and its schedule, and only an operator as an operator.
func (c *Caller) MayAskAs(source release.Source) bool {
	switch c.Role {
	case Operator:
		return true
	case CMS:
		return source == release.FromContent || source == release.FromEditor || source == release.FromSchedule
	case Editor:
		return source == release.FromEditor
	case Run:
		return source == release.FromWorkflow
	case Job, Session, GitHub, Monitor:
		return false
	}
	return false
}

// Source is the source of a request that does not name one.
func (c *Caller) Source() release.Source {
	switch c.Role {
	case CMS:
		return release.FromContent
	case Editor:
		return release.FromEditor
	case Run:
		return release.FromWorkflow
	case Operator, Job, Session, GitHub, Monitor:
	}
	return release.FromOperator
}

// Sources name the sources as which the caller may ask.
func (c *Caller) Sources() string {
	var words []string
	for _, s := range release.Sources {
		if c.MayAskAs(s) {
			words = append(words, string(s))
		}
	}
	return strings.Join(words, " or ")
}

// keyMark separates the name of a token from the key that its holder chose.
const keyMark = "\x1f"

// Key is an idempotency key as it is stored, with the caller's name: two CMSs that both
// count from 1 make different requests.
func (c *Caller) Key(chosen string) string {
	if chosen == "" {
		return ""
	}
	return c.Name + keyMark + chosen
}

// ChosenKey is a stored key as its caller chose it.
func ChosenKey(stored string) string {
	if _, key, found := strings.Cut(stored, keyMark); found {
		return key
	}
	return stored
}

type contextKey struct{}

// With is a context that carries the caller of a call.
func With(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, contextKey{}, c)
}

// From is the caller of a call, nil for nobody.
func From(ctx context.Context) *Caller {
	c, _ := ctx.Value(contextKey{}).(*Caller) // nil when there is none
	return c
}
