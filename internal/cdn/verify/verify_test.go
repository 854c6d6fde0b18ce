package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

func sum(body string) string {
	s := sha256.Sum256([]byte(body))
	return hex.EncodeToString(s[:])
}

// public is a site as the public sees it.
type public struct {
	*httptest.Server
	mu    sync.Mutex
	pages map[string]string
	// serve answers in place of the pages where it is set.
	serve func(w http.ResponseWriter, r *http.Request) bool
	hits  int
	seen  []http.Header
}

func newPublic(t *testing.T, marker manifest.Marker) *public {
	t.Helper()
	p := &public{pages: map[string]string{"/": "home", "/a/": "page a", "/old/b.html": "page b"}}
	p.release(t, marker)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hits++
		p.seen = append(p.seen, r.Header.Clone())
		if p.serve != nil && p.serve(w, r) {
			return
		}
		body, ok := p.pages[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *public) release(t *testing.T, m manifest.Marker) {
	t.Helper()
	body, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pages["/"+manifest.MarkerPath] = string(body)
}

var (
	ours   = manifest.Marker{Site: "www", Release: 7, Sequence: 9, At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	sample = []Expectation{
		{Path: "index.html", SHA256: sum("home")},
		{Path: "a/index.html", SHA256: sum("page a"), Headers: map[string]string{"Cache-Control": "max-age=60", "X-Debug": ""}},
		{Path: "c.html", Gone: true},
	}
)

func options(url string) Options {
	return Options{URL: url, Site: "www", Release: 7, Sequence: 9, Sample: sample, Limit: 30 * time.Millisecond, Interval: 10 * time.Millisecond}
}

func TestAReleaseIsSeenWithItsPages(t *testing.T) {
	p := newPublic(t, ours)
	seen, err := Run(t.Context(), options(p.URL+"/"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ours, seen.Marker); diff != "" || seen.Checked != 3 || seen.Looks != 1 {
		t.Errorf("%+v\n%s", seen, diff)
	}
	for _, h := range p.seen[1:] {
		if h.Get("Cache-Control") != "" || h.Get("Pragma") != "" {
			t.Errorf("pages were not asked for as visitors do: %v", h)
		}
	}
}

func TestALaterDeployIsAsGood(t *testing.T) {
	// A rollback: a lower release, deployed later.
	p := newPublic(t, manifest.Marker{Site: "www", Release: 5, Sequence: 10})
	seen, err := Run(t.Context(), options(p.URL))
	if err != nil || !seen.Superseded || seen.Checked != 0 || p.hits != 1 {
		t.Errorf("%+v, %v, %d requests", seen, err, p.hits)
	}
}

func TestVerifyWaitsForTheEdge(t *testing.T) {
	p := newPublic(t, manifest.Marker{Site: "www", Release: 6, Sequence: 8})
	p.pages["/a/"] = "page a before"
	var said []string
	o := options(p.URL)
	o.Limit, o.Interval = 10*time.Second, time.Millisecond
	o.Progress = func(text string) {
		said = append(said, text)
		switch len(said) {
		case 1:
			p.release(t, ours)
		case 2:
			p.mu.Lock()
			p.pages["/a/"] = "page a"
			p.mu.Unlock()
		}
	}
	seen, err := Run(t.Context(), o)
	if err != nil || seen.Looks != 3 || seen.Checked != 3 {
		t.Fatalf("%+v, %v", seen, err)
	}
	if len(said) != 2 || !strings.Contains(said[0], "shows release 6") || !strings.Contains(said[1], "/a/ shows other content") {
		t.Errorf("%q", said)
	}
}

func TestVerifySaysWhatIsSeenInstead(t *testing.T) {
	status := func(code int) func(*public) {
		return func(p *public) {
			p.serve = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(code); return true }
		}
	}
	marker := func(m manifest.Marker) func(*public) {
		return func(p *public) {
			body, _ := m.Encode()
			p.pages["/"+manifest.MarkerPath] = string(body)
		}
	}
	for _, c := range []struct {
		name   string
		set    func(*public)
		kind   Mismatch
		detail string
	}{
		{"the release before", marker(manifest.Marker{Site: "www", Release: 6, Sequence: 8, At: ours.At}), MismatchOldRelease, "shows release 6, deployed 2026-11-22T12:00:00Z"},
		{"another site", marker(manifest.Marker{Site: "staging\x1b[31m", Release: 7, Sequence: 9}), MismatchOtherSite, "points to another origin"},
		{"no marker", func(p *public) { delete(p.pages, "/"+manifest.MarkerPath) }, MismatchNotFound, "answers 404"},
		{"an error page with status 200", func(p *public) { p.pages["/"+manifest.MarkerPath] = "<html>" }, MismatchNoMarker, "error page"},
		{"JSON of another kind", func(p *public) { p.pages["/"+manifest.MarkerPath] = "{}" }, MismatchNoMarker, "a release's marker"},
		{"a login", status(401), MismatchRefused, "a login"},
		{"a private bucket", status(403), MismatchRefused, "403"},
		{"a server that fails", status(502), MismatchUnreachable, "502 Bad Gateway"},
		{"a teapot", status(418), MismatchOther, "418"},
		{"a server that hangs up", func(p *public) {
			p.serve = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
		}, MismatchUnreachable, "can't be read"},
		{"another host", func(p *public) {
			p.serve = func(w http.ResponseWriter, r *http.Request) bool {
				_, port, _ := strings.Cut(p.Listener.Addr().String(), ":")
				if strings.HasPrefix(r.Host, "127.") {
					http.Redirect(w, r, "http://localhost:"+port+"/login", http.StatusFound)
					return true
				}
				_, _ = io.WriteString(w, "login")
				return true
			}
		}, MismatchRedirected, "redirects to another host, http://localhost"},
		{"a page of before", func(p *public) {
			p.serve = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/a/" {
					return false
				}
				w.Header().Set("Age", "90")
				_, _ = io.WriteString(w, "page a before")
				return true
			}
		}, MismatchContent, "a cache has had this for 1m30s"},
		{"a page that is missing", func(p *public) { delete(p.pages, "/a/") }, MismatchNotFound, "/a/ answers 404"},
		{"a page with another header", func(p *public) {
			p.serve = func(w http.ResponseWriter, r *http.Request) bool {
				w.Header().Set("X-Debug", "on")
				return false
			}
		}, MismatchHeaders, `has X-Debug "on" and not ""`},
		{"a page that was taken away", func(p *public) { p.pages["/c.html"] = "c" }, MismatchStillThere, "is still there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPublic(t, ours)
			c.set(p)
			seen, err := Run(t.Context(), options(p.URL))
			e, ok := errors.AsType[*NotSeenError](err)
			if !ok {
				t.Fatalf("%+v, %v", seen, err)
			}
			if f := e.Findings[0]; f.Mismatch != c.kind || !strings.Contains(f.Detail, c.detail) || !strings.HasPrefix(f.URL, p.URL) {
				t.Errorf("%+v, want %s: %s", f, c.kind, c.detail)
			}
			if text := err.Error(); strings.ContainsAny(text, "\x1b\n") || !strings.HasPrefix(text, "release 7 can't be seen") {
				t.Errorf("%q", text)
			}
		})
	}
}

func TestAnOriginThatKnowsNoFoldersIsReadByFile(t *testing.T) {
	p := newPublic(t, ours)
	p.pages["/a/index.html"] = p.pages["/a/"]
	delete(p.pages, "/a/")
	if seen, err := Run(t.Context(), options(p.URL)); err != nil || seen.Checked != 3 {
		t.Errorf("%+v, %v", seen, err)
	}
}

func TestVerifyRefusesAnAddressThatIsNone(t *testing.T) {
	for _, address := range []string{"", "www.example.org", "ftp://www.example.org", "https://www.example.org/?x=1"} {
		_, err := Run(t.Context(), Options{URL: address})
		if _, waited := errors.AsType[*NotSeenError](err); err == nil || waited {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestVerifyEndsWhenItIsCanceled(t *testing.T) {
	p := newPublic(t, manifest.Marker{Site: "www", Release: 6, Sequence: 8})
	o := options(p.URL)
	o.Limit, o.Interval = time.Hour, time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Run(ctx, o); !errors.Is(err, ctx.Err()) || err == nil {
		t.Errorf("%v", err)
	}
}

func TestASampleIsSpreadOverWhatChanged(t *testing.T) {
	live := &manifest.Manifest{}
	var changes []plan.Change
	add := func(path string, headers store.Headers) {
		live.Entries = append(live.Entries, manifest.Entry{Path: path, Sum: store.Sum(sha256.Sum256([]byte(path))), Headers: headers})
		changes = append(changes, plan.Change{Path: path, Reason: plan.ReasonContent})
	}
	add("a.css", "")
	add("feed.xml", "")
	add("index.html", "")
	for i := range 100 {
		add(fmt.Sprintf("p/%03d.html", i), "")
	}
	add("q.html", "content-encoding: gzip\n")
	changes = append(changes, plan.Change{Path: "gone.html", Reason: plan.ReasonGone}, plan.Change{Path: "gone.png", Reason: plan.ReasonGone})

	got := Sample(changes, live, 8)
	var paths []string
	for _, e := range got {
		paths = append(paths, e.Path)
		if e.Gone != (e.Path == "gone.html") || (!e.Gone && e.SHA256 != sum(e.Path)) {
			t.Errorf("%+v", e)
		}
	}
	if diff := cmp.Diff([]string{"feed.xml", "index.html", "gone.html", "p/000.html", "p/020.html", "p/040.html", "p/060.html", "p/080.html"}, paths); diff != "" {
		t.Error(diff)
	}
	if all := Sample(changes, live, 1000); len(all) != 103 {
		t.Errorf("%d of all", len(all))
	}
	if none := Sample(changes, live, 0); len(none) != 0 {
		t.Errorf("%v", none)
	}
}
