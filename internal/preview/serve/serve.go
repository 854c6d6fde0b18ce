// Package serve serves the previews of a folder over HTTP, each under a host of its own,
// so that paths in its pages are those of the public site. It is for a browser on the
// same machine, or for a proxy in front of it.
package serve

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"html/template"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
)

// Server is a handler for all previews of a place.
type Server struct {
	place    Place
	domain   string
	password string
	now      func() time.Time
}

// Place holds the previews; *preview.Place implements it.
type Place interface {
	All(ctx context.Context) ([]preview.Record, error)
	Folder(name string) (string, bool)
}

// New serves the previews of a place under NAME.domain. With a password, every request
// must give it (by HTTP Basic authentication, with any name); without one, previews with
// drafts are not served.
func New(place Place, domain, password string, now func() time.Time) *Server {
	return &Server{place: place, domain: strings.ToLower(domain), password: password, now: now}
}

// policy keeps previews out of search engines, caches and other pages' frames.
var policy = map[string]string{
	"X-Robots-Tag":           "noindex, nofollow, noarchive",
	"Cache-Control":          "no-store",
	"X-Content-Type-Options": "nosniff",
	"Referrer-Policy":        "no-referrer",
	"X-Frame-Options":        "SAMEORIGIN",
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range policy {
		w.Header().Set(name, value)
	}
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "A preview can only be looked at.")
		return
	case !s.allowed(r):
		w.Header().Set("WWW-Authenticate", `Basic realm="previews", charset="UTF-8"`)
		refuse(w, http.StatusUnauthorized, "Previews are for those who know their password.")
		return
	}
	host := hostOf(r)
	if host == s.domain || net.ParseIP(strings.Trim(host, "[]")) != nil {
		s.list(w, r)
		return
	}
	name, ours := strings.CutSuffix(host, "."+s.domain)
	if !ours || !preview.IsName(name) {
		refuse(w, http.StatusNotFound, "There is no preview at this host.")
		return
	}
	s.show(w, r, name)
}

// refuse answers with an error. No request here needs its body read.
func refuse(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Connection", "close")
	http.Error(w, text, code)
}

func hostOf(r *http.Request) string {
	host := strings.ToLower(r.Host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.TrimSuffix(host, ".")
}

// allowed compares hashes of the passwords, in constant time for any length.
func (s *Server) allowed(r *http.Request) bool {
	if s.password == "" {
		return true
	}
	_, given, _ := r.BasicAuth()
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.password))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// shown are the previews that can be looked at now.
func (s *Server) shown(ctx context.Context) ([]preview.Record, error) {
	all, err := s.place.All(ctx)
	return slices.DeleteFunc(all, func(r preview.Record) bool {
		due, _ := preview.Due(r, s.now())
		return !r.Stands() || due != preview.Leave || r.Files == 0
	}), err
}

func (s *Server) show(w http.ResponseWriter, r *http.Request, name string) {
	shown, err := s.shown(r.Context())
	if err != nil {
		refuse(w, http.StatusInternalServerError, "The previews can't be read: look at the server's log.")
		return
	}
	at := slices.IndexFunc(shown, func(r preview.Record) bool { return r.Name == name })
	folder, here := s.place.Folder(name)
	if at < 0 || !here {
		refuse(w, http.StatusNotFound, "There is no such preview, or its time is over.")
		return
	}
	if shown[at].Content == preview.Drafts && s.password == "" {
		refuse(w, http.StatusForbidden, "This preview has drafts: start the server with a password to look at it.")
		return
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		refuse(w, http.StatusNotFound, "The preview is being made: try again in a moment.")
		return
	}
	defer func() { _ = root.Close() }()
	serveFile(w, r, root.FS())
}

// serveFile serves the file of an address as a static host does: the file itself, a
// folder's index, or a page without its ending.
func serveFile(w http.ResponseWriter, r *http.Request, files fs.FS) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	for _, try := range []string{name, path.Join(name, "index.html"), name + ".html"} {
		if info, err := fs.Stat(files, try); try != "" && err == nil && info.Mode().IsRegular() {
			serveContent(w, r, files, try, http.StatusOK)
			return
		}
	}
	if _, err := fs.Stat(files, "404.html"); err == nil {
		serveContent(w, r, files, "404.html", http.StatusNotFound)
		return
	}
	refuse(w, http.StatusNotFound, "The preview has no such page.")
}

func serveContent(w http.ResponseWriter, r *http.Request, files fs.FS, name string, code int) {
	f, err := files.Open(name)
	if err != nil {
		refuse(w, http.StatusNotFound, "The preview has no such page.")
		return
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	content, seeks := f.(interface {
		fs.File
		Seek(offset int64, whence int) (int64, error)
	})
	if err != nil || !seeks {
		refuse(w, http.StatusInternalServerError, "The page can't be read.")
		return
	}
	if code != http.StatusOK {
		w = &status{w, code}
	}
	http.ServeContent(w, r, name, info.ModTime(), content)
}

// status answers with another code than 200.
type status struct {
	http.ResponseWriter
	code int
}

func (s *status) WriteHeader(code int) {
	if code == http.StatusOK {
		code = s.code
	}
	s.ResponseWriter.WriteHeader(code)
}

var listing = template.Must(template.New("list").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Previews</title>
<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">
</head><body><main><h1>Previews</h1>
{{if .}}<ul>{{range .}}<li><a href="{{.Link}}">{{.Name}}</a>: {{.Ref}}{{with .Commit}} at {{.}}{{end}}, until <time datetime="{{.Until}}">{{.Until}}</time>{{if .Drafts}}, with drafts{{end}}</li>
{{end}}</ul>{{else}}<p>There are no previews now. Make one with <code>pressrun preview create</code>.</p>{{end}}
</main></body></html>
`))

type row struct {
	Link                     template.URL
	Name, Ref, Commit, Until string
	Drafts                   bool
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	shown, err := s.shown(r.Context())
	if err != nil {
		refuse(w, http.StatusInternalServerError, "The previews can't be read: look at the server's log.")
		return
	}
	port := ""
	if _, p, err := net.SplitHostPort(r.Host); err == nil {
		port = ":" + p
	}
	rows := make([]row, len(shown))
	for i, p := range shown {
		// The name is letters, digits and hyphens alone, and the port was parsed.
		link := template.URL("//" + p.Name + "." + s.domain + port + "/") //nolint:gosec // G203: see above
		rows[i] = row{link, p.Name, p.Ref, p.Commit, p.Expires.UTC().Format("2006-01-02 15:04 UTC"), p.Content == preview.Drafts}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'")
	_ = listing.Execute(w, rows) // the client may be gone
}

// ErrNoFolder says that a place is not a folder.
var ErrNoFolder = errors.New("previews in a bucket are shown by its CDN: only those of a folder are shown from here")
