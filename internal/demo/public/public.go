// Package public serves a published folder as a public web server would, so
// that "live" can be read on one machine through an address of its own.
package public

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options configure the server.
type Options struct {
	Dir         string       // the published folder; may be missing, be replaced, or be a link that is switched
	AllowHidden []string     // names that begin with a dot and are served; .well-known always is (RFC 8615)
	Log         *slog.Logger // nil: slog.Default()
}

// types is the server's own table: the machine's would make the same site look
// different elsewhere.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
	".mjs": "text/javascript; charset=utf-8", ".json": "application/json", ".xml": "application/xml; charset=utf-8",
	".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
	".gif": "image/gif", ".webp": "image/webp", ".avif": "image/avif", ".ico": "image/x-icon", ".woff": "font/woff", ".woff2": "font/woff2",
	".pdf": "application/pdf", ".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".map": "application/json",
	".mp4": "video/mp4", ".webm": "video/webm", ".mp3": "audio/mpeg", ".zip": "application/zip",
}

// hashed matches assets with a hash of their content in the name:
// style.1a2b3c4d5e.css. Pages never match, nor does a date: -20260131.pdf.
var hashed = regexp.MustCompile(`\.[0-9a-f]{10,64}\.(css|js|mjs|map|svg|png|jpe?g|gif|webp|avif|ico|woff2?)$`)

type server struct {
	opts Options
	log  *slog.Logger
}

// Handler serves the folder: index documents, 404.html with status 404, and no
// listings. Each request opens the folder anew and reads one whole file of it,
// so a folder that is swapped meanwhile is served as it was or as it is.
//
// Answers carry a strong ETag of the content and "no-cache": a reader may keep
// a copy and must ask whether it is still right. That costs one small exchange
// and never shows an old page after a release ("no-store" would send each page
// again in full). File times are not used: a deploy may keep or change them.
// Only assets with a hash in their name may be kept without asking.
func Handler(opts Options) http.Handler {
	log := opts.Log
	if log == nil {
		log = slog.Default()
	}
	return &server{opts: opts, log: log}
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This site can only be read.", http.StatusMethodNotAllowed)
		return
	}
	root, err := os.OpenRoot(s.opts.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		notFound(w, "This site has not been published yet.")
		return
	}
	if err != nil {
		s.failed(w, r, err)
		return
	}
	defer func() {
		if err := root.Close(); err != nil {
			s.log.ErrorContext(r.Context(), "published folder not closed", "error", err)
		}
	}()
	s.serve(w, r, root)
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, root *os.Root) {
	name, ok := s.fileName(r.URL.Path)
	if !ok {
		s.missing(w, r, root)
		return
	}
	data, err := readFile(root, name)
	switch {
	case errors.Is(err, errFolder):
		s.folder(w, r, root, name)
	case absent(err):
		s.missing(w, r, root)
	case err != nil:
		s.failed(w, r, err)
	default:
		send(w, r, name, data)
	}
}

// fileName turns a request's path into a file's: "/" and "/a/" mean the index document. A
// path that is not in its plainest form, such as one with "..", is no address here.
func (s *server) fileName(urlPath string) (string, bool) {
	name, rooted := strings.CutPrefix(urlPath, "/")
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	if !rooted || !fs.ValidPath(name) || strings.ContainsAny(name, "\\\x00") {
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != ".well-known" && !slices.Contains(s.opts.AllowHidden, part) {
			return "", false
		}
	}
	return name, true
}

// folder sends "/a" on to "/a/" when there is an index document.
func (s *server) folder(w http.ResponseWriter, r *http.Request, root *os.Root, name string) {
	if _, err := readFile(root, path.Join(name, "index.html")); err != nil {
		s.missing(w, r, root)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.Redirect(w, r, r.URL.EscapedPath()+"/", http.StatusMovedPermanently) //nolint:gosec // name is a valid path, so the address begins with one slash: never "//host"
}

var errFolder = errors.New("is a folder")

func readFile(root *os.Root, name string) ([]byte, error) {
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errFolder
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist // opening a pipe could block for ever
	}
	return root.ReadFile(name)
}

// absent says whether an error means "no such page". So does a name that no
// file can have, and a link that leads out of the folder: os refuses that one
// with an error that it does not export, and that no system call has made.
func absent(err error) bool {
	if err == nil {
		return false
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return true
	}
	return slices.Contains([]syscall.Errno{syscall.ENOENT, syscall.ENOTDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EINVAL}, errno)
}

func send(w http.ResponseWriter, r *http.Request, name string, data []byte) {
	h := w.Header()
	sum := sha256.Sum256(data)
	h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
	h.Set("Content-Type", typeOf(name))
	h.Set("Cache-Control", "no-cache")
	if hashed.MatchString(path.Base(name)) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
}

func typeOf(name string) string {
	if mime, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return mime
	}
	return "application/octet-stream"
}

func (s *server) missing(w http.ResponseWriter, r *http.Request, root *os.Root) {
	data, err := readFile(root, "404.html")
	if err != nil {
		notFound(w, "There is no such page.")
		return
	}
	w.Header().Set("Content-Type", typeOf("404.html"))
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusNotFound)
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // an error here means that the client has left
	}
}

func notFound(w http.ResponseWriter, text string) {
	w.Header().Set("Cache-Control", "no-cache")
	http.Error(w, text, http.StatusNotFound)
}

func (s *server) failed(w http.ResponseWriter, r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "page not served", "path", r.URL.Path, "error", err)
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "The page can't be read just now.", http.StatusInternalServerError)
}
