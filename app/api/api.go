package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/differences"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/stream"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/runner"
)

// Bounds of request bodies, in bytes.
const (
	maxBody = 64 << 10
	// MaxMetrics bounds the largest body that any call takes: the measurements of a run.
	MaxMetrics = 1 << 20
)

// Options are what New needs.
type Options struct {
	Version     string // shown in the API's description
	Auth        *auth.Authorizer
	Problems    *problem.Reporter
	Commands    *command.Commands
	Hooks       *command.Hooks
	Notices     *command.Notices
	Previews    *command.Previews
	View        *view.Reader
	Differences *differences.Reader
	Ledger      *ledger.Ledger
	Logs        stream.RunLogs
	Places      *stream.Places
	State       string // the folder in which backups wait to be sent
	Log         *slog.Logger
	// Stop ends the event streams, which outlive their calls.
	Stop context.Context //nolint:containedctx // the app's own life
	// Traced says whether the releases of a site are sent as traces.
	Traced func(site string) bool
	// Figures answer Prometheus.
	Figures http.Handler
	// Parts are those that readiness reports beside the ledger.
	Parts []Part
	// Retention tells how much history is kept.
	Retention func(context.Context) (api.Retention, error)
	// Described are routes of runners, which the description of the API names too.
	Described []runner.Route
}

// API has the handlers that its caller may set up further.
type API struct {
	// Events and Backups are the calls whose answers are streams.
	Events  *Events
	Backups *Backups
	// Ready tells whether the ledger can be written.
	Ready *Ready
}

// New puts the calls of the API on a mux.
func New(mux *http.ServeMux, o Options) *API {
	speakInProblems()
	conf := huma.DefaultConfig("Pressrun", cmp.Or(o.Version, "unknown"))
	conf.Info.Description = "Releases a site's content: asks, tells what became of it, and lets runs report and operators act."
	conf.DocsPath = ""     // huma's own pages load scripts from elsewhere
	conf.OpenAPIPath = ""  // serveDescription does that
	conf.CreateHooks = nil // and no $schema links in bodies
	conf.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	conf.Security = []map[string][]string{{"token": {}}}
	h := humago.New(mux, conf)
	serveDescription(mux, h)
	g := guard{huma: h, auth: o.Auth, problems: o.Problems, log: o.Log}

	h.UseMiddleware(g.zoned)
	(&Requests{guard: g, commands: o.Commands, view: o.View}).register(h)
	(&Sites{guard: g, view: o.View}).register(h)
	(&Differences{guard: g, read: o.Differences}).register(h)
	(&Runs{guard: g, ledger: o.Ledger, view: o.View, traced: o.Traced}).register(h)
	(&Hooks{guard: g, hooks: o.Hooks, view: o.View, ledger: o.Ledger}).register(h)
	(&Notices{guard: g, notices: o.Notices, view: o.View}).register(h)
	(&Previews{guard: g, previews: o.Previews}).register(h)
	(&Sessions{guard: g}).register(h)
	(&Retention{guard: g, plan: o.Retention}).register(h)
	(&Operator{guard: g, commands: o.Commands, view: o.View}).register(h)
	a := &API{
		Events:  &Events{guard: g, ledger: o.Ledger, places: o.Places, stop: o.Stop, Beat: KeepAlive, tails: ledger.Share[tail, []message](o.Ledger, ledger.Now)},
		Backups: &Backups{guard: g, ledger: o.Ledger, state: o.State},
		Ready:   &Ready{guard: g, ledger: o.Ledger, parts: o.Parts},
	}
	own := ownCalls(map[string]http.HandlerFunc{
		"health": (&Health{guard: g, ledger: o.Ledger}).serve, "ready": a.Ready.serve, "scrape": (&scrapes{guard: g, figures: o.Figures}).serve,
		"events": a.Events.serve, "backup": a.Backups.serve,
		"log": (&Logs{guard: g, logs: o.Logs}).serve, "addresses": (&Accounts{guard: g, ledger: o.Ledger}).serve,
	})
	for _, c := range own {
		mux.HandleFunc(c.Method+" "+c.Path, c.serve)
	}
	describe(h, append(own, runnerCalls(o.Described)...))
	return a
}

// speakInProblems makes huma answer with the API's own problems. It is a setting
// of the whole program there, hence once.
var speakInProblems = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := problem.New(status, problem.CodeOf(status), message)
		for _, err := range errs {
			if err == nil {
				continue
			}
			v := api.Violation{Message: err.Error()}
			if d, ok := err.(huma.ErrorDetailer); ok { // huma's own contract: the error itself, unwrapped, names its place
				detail := d.ErrorDetail()
				v = api.Violation{Location: detail.Location, Message: detail.Message}
			}
			p.Errors = append(p.Errors, v)
		}
		return p
	}
})

// guard admits the callers who may make a call.
type guard struct {
	huma     huma.API
	auth     *auth.Authorizer
	problems *problem.Reporter
	log      *slog.Logger
}

// allow admits some roles to an operation of huma's.
func (g guard) allow(roles ...auth.Role) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		p := g.auth.Refusal(auth.From(ctx.Context()), ctx.Param("site"), roles...)
		if p == nil {
			next(ctx)
			return
		}
		if p.Status == http.StatusUnauthorized {
			ctx.SetHeader("WWW-Authenticate", problem.Challenge)
		}
		ctx.SetHeader("Content-Type", p.ContentType(""))
		ctx.SetStatus(p.Status)
		if err := g.huma.Marshal(ctx.BodyWriter(), "application/json", p); err != nil {
			g.log.Debug("a refusal could not be sent", "error", err)
		}
	}}
}

// admit says whether a caller has one of the roles, and refuses the call if not.
func (g guard) admit(w http.ResponseWriter, r *http.Request, site string, roles ...auth.Role) bool {
	return g.refuse(w, r, g.auth.Refusal(auth.From(r.Context()), site, roles...))
}

// admitAll is admit for a call that is about all sites at once.
func (g guard) admitAll(w http.ResponseWriter, r *http.Request, roles ...auth.Role) bool {
	return g.refuse(w, r, g.auth.RefusalOfAll(auth.From(r.Context()), roles...))
}

// refuse sends a refusal, and says whether there was none to send.
func (g guard) refuse(w http.ResponseWriter, r *http.Request, p *api.Problem) bool {
	if p == nil {
		return true
	}
	g.problems.Write(w, r, p)
	return false
}
