package public_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/demo/public"
)

// site writes a published folder, with a secret beside it.
func site(t *testing.T) string {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "site")
	files := map[string]string{
		"secret.txt": "secret", "site/index.html": "<h1>Home</h1>", "site/404.html": "<h1>Not here</h1>",
		"site/articles/hours/index.html": "<h1>Hours</h1>", "site/assets/style.0123456789.css": "body{}",
		"site/feed.xml": "<feed/>", "site/empty/keep.txt": "x", "site/.htpasswd": "secret", "site/.well-known/security.txt": "Contact: x",
		"site/data.unknown": "x", "site/reports/report-20260131.pdf": "%PDF", "site/.marker/release.json": "{}",
	}
	for name, text := range files {
		file := filepath.Join(parent, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(parent, "secret.txt"), filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// get asks for exactly this path: a client would tidy "..".
func get(t *testing.T, h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
	r.URL = &url.URL{Path: path}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPathsMeanWhatTheyMeanOnAWebServer(t *testing.T) {
	h := public.Handler(public.Options{Dir: site(t), AllowHidden: []string{".marker"}})
	cases := []struct {
		path   string
		status int
		body   string
		mime   string
	}{
		{"/", 200, "<h1>Home</h1>", "text/html; charset=utf-8"},
		{"/index.html", 200, "<h1>Home</h1>", "text/html; charset=utf-8"},
		{"/articles/hours/", 200, "<h1>Hours</h1>", "text/html; charset=utf-8"},
		{"/assets/style.0123456789.css", 200, "body{}", "text/css; charset=utf-8"},
		{"/feed.xml", 200, "<feed/>", "application/xml; charset=utf-8"},
		{"/data.unknown", 200, "x", "application/octet-stream"},
		{"/.well-known/security.txt", 200, "Contact: x", "text/plain; charset=utf-8"},
		{"/.marker/release.json", 200, "{}", "application/json"},
		{"/articles/", 404, "<h1>Not here</h1>", "text/html; charset=utf-8"},
		{"/articles", 404, "<h1>Not here</h1>", "text/html; charset=utf-8"},
		{"/empty/", 404, "<h1>Not here</h1>", "text/html; charset=utf-8"},
		{"/nothing.html", 404, "<h1>Not here</h1>", "text/html; charset=utf-8"},
		{"/feed.xml/more", 404, "<h1>Not here</h1>", "text/html; charset=utf-8"},
		{"/" + strings.Repeat("x", 5000), 404, "<h1>Not here</h1>", "text/html; charset=utf-8"},
	}
	for _, c := range cases {
		w := get(t, h, http.MethodGet, c.path)
		if w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Content-Type") != c.mime {
			t.Errorf("%.60s: %d %q %q, want %d %q %q", c.path, w.Code, w.Body, w.Header().Get("Content-Type"), c.status, c.body, c.mime)
		}
	}
}

func TestNothingOutsideTheFolderIsServed(t *testing.T) {
	h := public.Handler(public.Options{Dir: site(t)})
	for _, path := range []string{
		"/../secret.txt", "/articles/../../secret.txt", "/link.txt", "//secret.txt", "/./index.html", "/..", "/../", "",
		"secret.txt", `/..\secret.txt`, "/secret.txt\x00.html", "/.htpasswd", "/.marker/release.json", "/articles/./hours/",
	} {
		if w := get(t, h, http.MethodGet, path); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%q: %d %q, want 404", path, w.Code, w.Body)
		}
	}
}

func TestAFolderWithAnIndexHasASlashAtItsEnd(t *testing.T) {
	w := get(t, public.Handler(public.Options{Dir: site(t)}), http.MethodGet, "/articles/hours")
	if w.Code != http.StatusMovedPermanently || w.Header().Get("Location") != "/articles/hours/" {
		t.Errorf("%d to %q", w.Code, w.Header().Get("Location"))
	}
}

func TestCopiesAreAskedAboutUnlessTheirNameHoldsAHash(t *testing.T) {
	dir := site(t)
	h := public.Handler(public.Options{Dir: dir})
	for path, want := range map[string]string{
		"/": "no-cache", "/nothing": "no-cache", "/reports/report-20260131.pdf": "no-cache",
		"/assets/style.0123456789.css": "public, max-age=31536000, immutable",
	} {
		if got := get(t, h, http.MethodGet, path).Header().Get("Cache-Control"); got != want {
			t.Errorf("%s: Cache-Control %q, want %q", path, got, want)
		}
	}
	etag := get(t, h, http.MethodGet, "/").Header().Get("ETag")
	if w := get(t, h, http.MethodGet, "/", "If-None-Match", etag); w.Code != http.StatusNotModified {
		t.Errorf("same page: %d, want 304", w.Code)
	}
	// Same size, same file time: only the content tells.
	file := filepath.Join(dir, "index.html")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("<h1>Homf</h1>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if w := get(t, h, http.MethodGet, "/", "If-None-Match", etag); w.Code != http.StatusOK || w.Body.String() != "<h1>Homf</h1>" {
		t.Errorf("changed page: %d %q", w.Code, w.Body)
	}
}

func TestASwitchedFolderIsServedAtOnce(t *testing.T) {
	first, second := site(t), site(t)
	if err := os.WriteFile(filepath.Join(second, "index.html"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	current := filepath.Join(t.TempDir(), "current")
	h := public.Handler(public.Options{Dir: current})
	if w := get(t, h, http.MethodGet, "/"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "not been published yet") {
		t.Errorf("before the first release: %d %q", w.Code, w.Body)
	}
	for _, step := range []struct{ dir, want string }{{first, "<h1>Home</h1>"}, {second, "new"}} {
		link := current + ".next"
		if err := os.Symlink(step.dir, link); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(link, current); err != nil {
			t.Fatal(err)
		}
		if w := get(t, h, http.MethodGet, "/"); w.Body.String() != step.want {
			t.Errorf("got %q, want %q", w.Body, step.want)
		}
	}
}

func TestMethodsAndRanges(t *testing.T) {
	h := public.Handler(public.Options{Dir: site(t)})
	if w := get(t, h, http.MethodPost, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", w.Code)
	}
	if w := get(t, h, http.MethodHead, "/"); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != "13" {
		t.Errorf("HEAD: %d %q", w.Code, w.Body)
	}
	if w := get(t, h, http.MethodHead, "/nothing"); w.Code != 404 || w.Body.Len() != 0 {
		t.Errorf("HEAD of a missing page: %d %q", w.Code, w.Body)
	}
	if w := get(t, h, http.MethodGet, "/", "Range", "bytes=4-7"); w.Code != http.StatusPartialContent || w.Body.String() != "Home" {
		t.Errorf("range: %d %q", w.Code, w.Body)
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "/../secret.txt", "/a/b", "//x", "/%2e%2e/secret.txt", "/articles/hours", "/\x00"} {
		f.Add(seed)
	}
	parent := f.TempDir()
	dir := filepath.Join(parent, "site")
	if err := os.MkdirAll(filepath.Join(dir, "articles", "hours"), 0o750); err != nil {
		f.Fatal(err)
	}
	for _, name := range []string{"secret.txt", "site/.secret", "site/articles/hours/index.html"} {
		if err := os.WriteFile(filepath.Join(parent, name), []byte(name), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	h := public.Handler(public.Options{Dir: dir})
	f.Fuzz(func(t *testing.T, path string) {
		w := get(t, h, http.MethodGet, path)
		if strings.Contains(w.Body.String(), "secret") && w.Code == http.StatusOK {
			t.Errorf("%q served a secret", path)
		}
		if w.Code >= 500 {
			t.Errorf("%q: %d", path, w.Code)
		}
		to := w.Header().Get("Location")
		if to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
			t.Errorf("%q leads away to %q", path, to)
		}
	})
}
