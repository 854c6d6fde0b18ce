package app

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
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
		p := &api.Problem{Status: status, Title: http.StatusText(status), Detail: message, Code: problem.CodeOf(status)}
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
	outer := http.NewServeMux()
	for _, r := range a.runner.Routes() {
		if r.Unguarded {
			outer.Handle(r.Pattern, r.Handler)
		} else {
			mux.Handle(r.Pattern, r.Handler)
		}
	}
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
		next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), a.auth.Caller(r))))
	})
	return csrf.Handler(identified)
}

func secureHeaders(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
}

// allow lets only some roles through to an operation.
func (a *App) allow(h huma.API, roles ...auth.Role) huma.Middlewares {
	return huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		p := a.auth.Refusal(auth.From(ctx.Context()), ctx.Param("site"), roles...)
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
