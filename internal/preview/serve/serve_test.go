package serve_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/serve"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// place is a folder with previews.
type place struct {
	folder  string
	records []preview.Record
}

func (p place) All(context.Context) ([]preview.Record, error) { return p.records, nil }

func (p place) Folder(name string) (string, bool) { return filepath.Join(p.folder, name), true }

func places(t *testing.T) place {
	t.Helper()
	p := place{folder: t.TempDir()}
	for name, r := range map[string]preview.Record{
		"menu":     {State: preview.Ready, Expires: now.Add(time.Hour), Ref: "<b>menu</b>"},
		"over":     {State: preview.Ready, Expires: now},
		"removing": {State: preview.Removing, Expires: now.Add(time.Hour)},
		"drafts":   {State: preview.Ready, Expires: now.Add(time.Hour), Content: preview.Drafts},
	} {
		r.Name, r.Files = name, 1
		p.records = append(p.records, r)
		for file, text := range map[string]string{"index.html": "home of " + name, "about.html": "about", "news/index.html": "news", "404.html": "not here"} {
			file = filepath.Join(p.folder, name, file)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(p.folder, "outside.html"), []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(p.folder, "outside.html"), filepath.Join(p.folder, "menu", "link.html")); err != nil {
		t.Fatal(err)
	}
	return p
}

func ask(h http.Handler, method, host, path, password string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://x/", nil)
	r.URL.Path, r.Host = path, host
	if password != "" {
		r.SetBasicAuth("anybody", password)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestAPreviewIsShownAtAHostOfItsOwn(t *testing.T) {
	open := serve.New(places(t), "localhost", "", func() time.Time { return now })
	for _, c := range []struct {
		host, path string
		code       int
		says       string
	}{
		{"menu.localhost:8090", "/", 200, "home of menu"},
		{"MENU.localhost.", "/about", 200, "about"},
		{"menu.localhost", "/about.html", 200, "about"},
		{"menu.localhost", "/news/", 200, "news"},
		{"menu.localhost", "/nope", 404, "not here"},
		{"menu.localhost", "/../outside.html", 404, "not here"},
		{"menu.localhost", "/link.html", 404, "not here"},
		{"menu.localhost", "/../over/index.html", 404, "not here"},
		{"over.localhost", "/", 404, "its time is over"},
		{"removing.localhost", "/", 404, "no such preview"},
		{"nobody.localhost", "/", 404, "no such preview"},
		{"drafts.localhost", "/", 403, "drafts"},
		{"menu.example.org", "/", 404, "no preview at this host"},
		{"a.menu.localhost", "/", 404, "no preview at this host"},
		{"..localhost", "/", 404, "no preview at this host"},
		{"localhost:8090", "/", 200, "&lt;b&gt;menu"},
		{"127.0.0.1:8090", "/", 200, "Previews"},
	} {
		w := ask(open, http.MethodGet, c.host, c.path, "")
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s%s: %d %q, want %d and %q", c.host, c.path, w.Code, w.Body, c.code, c.says)
		}
		if !strings.Contains(w.Header().Get("X-Robots-Tag"), "noindex") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s%s: search engines and caches are told %v", c.host, c.path, w.Header())
		}
	}
	if w := ask(open, http.MethodPost, "menu.localhost", "/", ""); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Connection") != "close" {
		t.Errorf("POST: %d %v", w.Code, w.Header())
	}
}

func TestAPasswordIsForAllOfThem(t *testing.T) {
	locked := serve.New(places(t), "localhost", "correct horse battery", func() time.Time { return now })
	for _, host := range []string{"menu.localhost", "drafts.localhost", "localhost", "nobody.localhost"} {
		for _, wrong := range []string{"", "correct horse", "correct horse battery staple"} {
			if w := ask(locked, http.MethodGet, host, "/", wrong); w.Code != http.StatusUnauthorized || w.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %q: %d", host, wrong, w.Code)
			}
		}
	}
	if w := ask(locked, http.MethodGet, "drafts.localhost", "/", "correct horse battery"); w.Code != http.StatusOK || w.Body.String() != "home of drafts" {
		t.Errorf("drafts with the password: %d %s", w.Code, w.Body)
	}
}
