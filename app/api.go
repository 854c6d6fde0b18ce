package app

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pressrun/pressrun/internal/api"
)

// Bounds of request bodies, in bytes.
const (
	maxBody    = 64 << 10
	maxMetrics = 1 << 20
)

// problems makes huma speak in the API's own problems. It is a setting of the
// whole program there, hence once.
var problems = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := &api.Problem{Status: status, Title: http.StatusText(status), Detail: message, Code: codeOfStatus(status)}
		for _, err := range errs {
			if err == nil {
				continue
			}
			v := api.Violation{Message: err.Error()}
			if d, ok := err.(huma.ErrorDetailer); ok { // huma's own contract: the error itself tells its place
				detail := d.ErrorDetail()
				v = api.Violation{Location: detail.Location, Message: detail.Message}
			}
			p.Errors = append(p.Errors, v)
		}
		return p
	}
})

// routes puts the API, the streams and the pages on one mux.
func (a *App) routes(version string) http.Handler {
	problems()
	mux := http.NewServeMux()
	conf := huma.DefaultConfig("Pressrun", cmp.Or(version, "unknown"))
	conf.Info.Description = "Releases a site's content: asks, tells what became of it, and lets runs report and operators act."
	conf.DocsPath = ""     // huma's own pages load scripts from elsewhere
	conf.CreateHooks = nil // and no $schema links in bodies
	conf.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	conf.Security = []map[string][]string{{"token": {}}}
	h := humago.New(mux, conf)
	a.requestRoutes(h)
	a.siteRoutes(h)
	a.runRoutes(h)
	a.operatorRoutes(h)
	a.rawRoutes(mux)
	a.describeRaw(h)
	a.pageRoutes(mux)
	if a.github.wanted {
		a.setupRoutes(mux)
	}
	outer := http.NewServeMux()
	// Not behind the guard: webhooks are larger than any call, and signed.
	outer.HandleFunc("POST "+hookPath, a.takeHook)
	outer.Handle("/", a.guard(mux))
	return a.impatient(outer)
}

// bodyLimit is how long the body of a call may take to arrive: who has shown
// nothing yet must not keep a connection and its memory. The server reads what is
// left of a body that nobody wanted, too, and waits for it.
const bodyLimit = 30 * time.Second

func readWithin(w http.ResponseWriter, span time.Duration) {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(span)) // a test's recorder has none
}

// impatient bounds the wait for the body of every call, wanted or not.
func (a *App) impatient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 { // without a body it would end streams
			readWithin(w, a.bodyWait)
		}
		next.ServeHTTP(w, r)
	})
}

type callerKey struct{}

// guard is in front of everything: it identifies the caller, keeps other
// sites' pages from acting in a reader's name, and bounds bodies.
func (a *App) guard(next http.Handler) http.Handler {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(a.crossOrigin))
	identified := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.rightHost(r) {
			secureHeaders(w.Header())
			a.wrongHost(w, r)
			return
		}
		secureHeaders(w.Header())
		r.Body = http.MaxBytesReader(w, r.Body, maxMetrics+1024)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, a.caller(r))))
	})
	return csrf.Handler(identified)
}

func secureHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
}

// callerOf is who makes the call, nil for nobody.
func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller) // nil when there is none
	return c
}

// refusal tells why a caller may not make a call, before anything of the call
// is read; nil when it may.
func (a *App) refusal(c *caller, site string, roles []role) *api.Problem {
	if c == nil {
		return problem(http.StatusUnauthorized, "unauthorized", "no token came that this app knows: send one as Authorization: Bearer TOKEN")
	}
	if c.refused != nil {
		return c.refused
	}
	if !slices.Contains(roles, c.role) {
		return problem(http.StatusForbidden, "forbidden", "a token of role "+string(c.role)+" may not do this; it takes "+rolesWords(roles))
	}
	if site == "" {
		return nil
	}
	if !c.sees(site) {
		return problem(http.StatusForbidden, "forbidden", "this token is not good for site "+site+"; GET /v1/sites lists those that it is good for")
	}
	if _, ok := a.config.Sites[site]; !ok {
		return problem(http.StatusNotFound, "no_site", "there is no site "+site)
	}
	return nil
}

// rolesWords name the roles of which one is needed.
func rolesWords(roles []role) string {
	var configured []string
	for _, r := range roles {
		switch r {
		case roleSession:
			return "the session that a run gets with its claim"
		case roleCMS, roleRun, roleEditor, roleOperator:
			configured = append(configured, string(r))
		case roleJob, roleGitHub: // a run's own, which people can't choose
		}
	}
	return "one of role " + strings.Join(configured, " or ")
}

// allow lets only some roles through to an operation.
func (a *App) allow(h huma.API, roles ...role) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		p := a.refusal(callerOf(ctx.Context()), ctx.Param("site"), roles)
		if p == nil {
			next(ctx)
			return
		}
		if p.Status == http.StatusUnauthorized {
			ctx.SetHeader("WWW-Authenticate", `Bearer realm="Pressrun"`)
		}
		if err := writeProblem(h, ctx, p); err != nil {
			a.log.Debug("a refusal could not be sent", "error", err)
		}
	}}
}

func writeProblem(h huma.API, ctx huma.Context, p *api.Problem) error {
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	return h.Marshal(ctx.BodyWriter(), "application/json", p)
}

// readers are the roles that may see a site.
var readers = []role{roleCMS, roleRun, roleEditor, roleOperator}
