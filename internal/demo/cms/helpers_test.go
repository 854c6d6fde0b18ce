package cms

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/pressrun/pressrun/internal/demo/content"
)

// recorder is a Publisher that can be down, and a StatusSource.
type recorder struct {
	mu       sync.Mutex
	down     bool
	refuse   string // title that is always refused
	calls    int
	got      []Change
	states   map[string]answer
	asked    int
	fallback answer
}

func (p *recorder) ContentChanged(_ context.Context, change Change) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls++
	if p.down || (p.refuse != "" && change.Title == p.refuse) {
		return errors.New("connection refused")
	}
	p.got = append(p.got, change)
	return nil
}

func (p *recorder) Status(_ context.Context, id string) (state, text string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked++
	if got, ok := p.states[id]; ok {
		return got.state, got.text, got.err
	}
	return p.fallback.state, p.fallback.text, p.fallback.err
}

func (p *recorder) set(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fn()
}

func (p *recorder) changes() []Change {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Change(nil), p.got...)
}

func newCMS(t *testing.T, opts Options) *CMS {
	t.Helper()
	opts.Log = slog.New(slog.DiscardHandler)
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func edit() Edit {
	return Edit{Title: "Night bus", Summary: "The night bus stops here.", Body: "Every hour.", Author: "Maya"}
}

// must unwraps an operation that has to succeed.
func must(t *testing.T) func(Result, error) Result {
	t.Helper()
	return func(result Result, err error) Result {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

// call sends one request straight to the handler, as a program would.
func call(t *testing.T, c *CMS, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+path, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, req)
	return w
}

// submit sends a form as a browser does from the CMS's own page.
func submit(t *testing.T, c *CMS, path string, form url.Values) *httptest.ResponseRecorder {
	t.Helper()
	return call(t, c, http.MethodPost, path, form.Encode(),
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin", "Origin", "http://127.0.0.1")
}

func formOf(e Edit, intent string) url.Values {
	return url.Values{
		"title": {e.Title}, "slug": {e.Slug}, "summary": {e.Summary}, "body": {e.Body}, "author": {e.Author}, "intent": {intent},
	}
}

func article(t *testing.T, c *CMS, id string) record {
	t.Helper()
	s := c.store.read()
	i := s.article(id)
	if i < 0 {
		t.Fatalf("no article %s", id)
	}
	return s.Articles[i]
}

func publishedSlugs(c *CMS) []string {
	var slugs []string
	for _, a := range c.store.read().published() {
		slugs = append(slugs, a.Slug)
	}
	return slugs
}

var oneDraft = []content.Article{func() content.Article {
	a := Seed()[0]
	a.Status = content.Draft
	return a
}()}

func callHost(t *testing.T, c *CMS, host string) int {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
	req.Host = host
	w := httptest.NewRecorder()
	c.ServeHTTP(w, req)
	return w.Code
}
