package middleware

import (
	"net/http"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
)

// Callers wraps every route but webhooks: it refuses calls by a wrong host name and from
// other sites' pages, identifies the caller, and bounds bodies.
type Callers struct {
	Config  config.Config
	Auth    *auth.Authorizer
	MaxBody int64 // in bytes
	// Refuse answers with a problem, as a page or as JSON.
	Refuse func(w http.ResponseWriter, r *http.Request, p *api.Problem)
	Next   http.Handler
}

// Handler is the handler to serve.
func (c Callers) Handler() http.Handler {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SecureHeaders(w.Header())
		c.Refuse(w, r, problem.New(http.StatusForbidden, "forbidden", "This was sent from another site's page. Nothing was changed."))
	}))
	return csrf.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		SecureHeaders(w.Header())
		if p := WrongHost(c.Config, r); p != nil {
			c.Refuse(w, r, p)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, c.MaxBody)
		c.Next.ServeHTTP(w, r.WithContext(auth.With(r.Context(), c.Auth.Caller(r))))
	}))
}
