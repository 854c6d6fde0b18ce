package runner

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Provider is a Runner with the hooks into the server that it needs, so that the server
// treats every kind of runner alike.
type Provider interface {
	Runner
	// Remote says whether the runs of a site are looked up over a network. The server
	// then starts without waiting for the answers.
	Remote(site string) bool
	// Routes are the HTTP routes that the runner needs.
	Routes() []Route
	// Start begins the runner's background work, in tasks, until ctx ends.
	Start(ctx context.Context, tasks *sync.WaitGroup)
	// Identify says which run a bearer token belongs to; false when the token is of a
	// kind that the runner does not know. The error says why a token of its kind is not
	// accepted: an *api.Problem.
	Identify(ctx context.Context, bearer string) (Identity, bool, error)
}

// Identity is the identity of a run, which its runner has verified. It is valid for one claim.
type Identity struct {
	// Name names the run in logs and in the audit trail.
	Name string
	Run  release.Run
	// Sites are the sites that the run may release.
	Sites []string
	// Once names the token, which is valid once. The caller must remember it until Expires.
	Once    string
	Expires time.Time
	// StartedBy is what started the run if that was no dispatch; "" for a dispatch, or if
	// it is not known.
	StartedBy string
}

// Route is an HTTP route of a runner.
type Route struct {
	// Pattern is a pattern of http.ServeMux, with a method.
	Pattern string
	Handler http.Handler
	// Unguarded says that the route identifies its callers and bounds its bodies
	// itself.
	Unguarded bool
	// Call describes the route among the API's calls; nil for pages.
	Call *Call
}

// Call describes a route of the API.
type Call struct {
	ID, Tag, Summary string
	// Status is the status of a success, and Answer a value of the type of its JSON; nil
	// for no JSON.
	Status int
	Answer any
	// PlainRefusals says that errors are plain text instead of problems.
	PlainRefusals bool
	// Open says that no token is needed.
	Open    bool
	Headers []Header
}

// Header is a request header that a call uses.
type Header struct{ Name, Meaning string }

// Plain makes a Provider of a Runner that needs no hooks into the server.
type Plain struct{ Runner }

// Remote says that answers come at once.
func (Plain) Remote(string) bool { return false }

// Routes are none.
func (Plain) Routes() []Route { return nil }

// Start does nothing.
func (Plain) Start(context.Context, *sync.WaitGroup) {}

// Identify knows no tokens: runs of a plain runner use the app's own.
func (Plain) Identify(context.Context, string) (Identity, bool, error) {
	return Identity{}, false, nil
}

// RunLog opens the output of a run; errors.ErrUnsupported if the Runner knows runs by
// their releases only.
func (p Plain) RunLog(ctx context.Context, site string, run release.Run) (io.ReadCloser, error) {
	if l, ok := p.Runner.(RunLogger); ok {
		return l.RunLog(ctx, site, run)
	}
	return nil, errors.ErrUnsupported
}

var (
	_ Provider  = Plain{}
	_ RunLogger = Plain{}
)
