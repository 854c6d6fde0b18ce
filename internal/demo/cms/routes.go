package cms

import (
	"embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pressrun/pressrun/internal/outbound"
)

//go:embed assets
var assets embed.FS

// maxBody bounds the body of a form or an API call, in bytes. A form encodes
// each byte of a text in up to three.
const maxBody = 512 << 10

func (c *CMS) routes() http.Handler {
	a, p := contentAPI{c}, editorPages{c}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", a.health)
	mux.HandleFunc("GET /api/articles", a.apiList)
	mux.HandleFunc("GET /api/articles/{slug}", a.apiGet)
	mux.HandleFunc("POST /api/articles", a.apiCreate)
	mux.HandleFunc("PUT /api/articles/{id}", a.apiUpdate)
	mux.HandleFunc("DELETE /api/articles/{id}", a.apiAct(c.Delete))
	mux.HandleFunc("POST /api/articles/{id}/publish", a.apiAct(c.Publish))
	mux.HandleFunc("POST /api/articles/{id}/unpublish", a.apiAct(c.Unpublish))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, http.StatusNotFound, "there is no such call")
	})
	mux.HandleFunc("GET /{$}", p.pageList)
	mux.HandleFunc("GET /articles/new", p.pageNew)
	mux.HandleFunc("POST /articles", p.formCreate)
	mux.HandleFunc("GET /articles/{id}", p.pageEdit)
	mux.HandleFunc("POST /articles/{id}", p.formUpdate)
	mux.HandleFunc("GET /articles/{id}/delete", p.pageDelete)
	mux.HandleFunc("POST /articles/{id}/delete", p.formAct("deleted", c.Delete))
	mux.HandleFunc("POST /articles/{id}/publish", p.formAct("published", c.Publish))
	mux.HandleFunc("POST /articles/{id}/unpublish", p.formAct("unpublished", c.Unpublish))
	mux.HandleFunc("POST /editor", p.formEditor)
	mux.Handle("GET /assets/", http.FileServerFS(assets))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.pageError(w, r, ErrNotFound) })
	return c.guardHost(guardHeaders(guardForms(mux)))
}

// guardForms refuses forms that another site's page sends (CSRF). Callers that are no
// browsers, such as the API's, send none of the headers that it looks at.
func guardForms(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		protection.Handler(next).ServeHTTP(w, r)
	})
}

// guardHeaders keeps browsers from running, framing or sniffing anything that is not this CMS's.
func guardHeaders(next http.Handler) http.Handler {
	const policy = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; " +
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// guardHost answers only to this machine's own names and to Options.URL. There
// is no log-in, so a foreign name that resolves to 127.0.0.1 (DNS rebinding)
// must not get in.
func (c *CMS) guardHost(next http.Handler) http.Handler {
	own, err := url.Parse(c.opts.URL)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := (&url.URL{Host: r.Host}).Hostname()
		if !outbound.Loopback(host) && (err != nil || host == "" || !strings.EqualFold(host, own.Hostname())) {
			http.Error(w, "This CMS answers on this machine's own address only.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// statusOf is the HTTP status of an operation's error. An unknown one means
// that the content could not be stored.
func statusOf(err error) int {
	var invalid *InvalidError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrConflict):
		return http.StatusConflict
	case errors.Is(err, errBadRequest):
		return http.StatusBadRequest
	}
	return http.StatusServiceUnavailable
}

// errBadRequest marks a body that can't be read.
var errBadRequest = errors.New("the request can't be read")

func badRequest(err error) error { return fmt.Errorf("%w: %w", errBadRequest, err) }
