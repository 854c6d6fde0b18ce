//go:build unix

package action_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/test/servers"
)

// cachedEdge is a public address whose cache is ours to spoil.
func cachedEdge(t *testing.T, root string, spoil func(w http.ResponseWriter, r *http.Request) bool) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !spoil(w, r) {
			http.ServeFile(w, r, filepath.Join(root, filepath.FromSlash(r.URL.Path)))
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestASampleOfTheChangedPagesIsSeenBeforeLiveIsSaid(t *testing.T) {
	var mu sync.Mutex
	looks := 0
	b := newBench(t, threePages)
	b.opts.VerifyPages = 10
	b.opts.PublicURL = cachedEdge(t, b.dest, func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if r.URL.Path != "/a.html" {
			return false
		}
		looks++
		if looks < 3 {
			_, _ = io.WriteString(w, "an old page")
			return true
		}
		return false
	})
	b.wantExit(b.run("all"), failure.ExitOK)
	if looks != 3 || !strings.Contains(b.err.String(), "3 changed pages as deployed") {
		t.Errorf("%d looks\n%s", looks, b.err)
	}
}

func TestWhatThePublicSeesInsteadIsTold(t *testing.T) {
	marker := func(w http.ResponseWriter, r *http.Request, text string) bool {
		if r.URL.Path == "/"+manifest.MarkerPath {
			_, _ = io.WriteString(w, text)
		}
		return r.URL.Path == "/"+manifest.MarkerPath
	}
	page := func(status int, text string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/a.html" {
				return false
			}
			w.Header().Set("Age", "120")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, text)
			return true
		}
	}
	for name, c := range map[string]struct {
		spoil func(http.ResponseWriter, *http.Request) bool
		exit  int
		want  string
	}{
		"another site": {func(w http.ResponseWriter, r *http.Request) bool {
			return marker(w, r, `{"site":"www-staging","release":9,"sequence":9}`)
		}, failure.ExitNotVisible, "another origin"},
		"the release before": {func(w http.ResponseWriter, r *http.Request) bool {
			return marker(w, r, `{"site":"www","release":1,"sequence":0}`)
		}, failure.ExitNotVisible, "shows release 1"},
		"no marker":    {func(w http.ResponseWriter, r *http.Request) bool { return marker(w, r, "<html>") }, failure.ExitNotVisible, "does not answer with a release's marker"},
		"nothing":      {func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusNotFound); return true }, failure.ExitNotVisible, "404"},
		"a stale page": {page(http.StatusOK, "an old page"), failure.ExitEdgePending, "a cache has had this for 2m0s"},
		"no such page": {page(http.StatusNotFound, ""), failure.ExitEdgePending, "/a.html answers 404"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := newFakeApp(t)
			b := newBench(t, threePages).with(app)
			b.opts.VerifyLimit, b.opts.VerifyPages = 100*time.Millisecond, 10
			b.opts.PublicURL = cachedEdge(t, b.dest, c.spoil)
			err := b.run("all")
			b.wantExit(err, c.exit)
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %q", err)
			}
			live := c.exit == failure.ExitEdgePending
			if s := b.state(); s.Live != live || (app.now().Live.Number == 1) != live || (len(app.seen("failure")) == 0) != live {
				t.Errorf("live is %v, at the app %+v", s.Live, app.now().Live)
			}
		})
	}
}

// A page of the wrong type is downloaded instead of shown. What S3 was given is
// what the public has to get; parameters may be written differently.
func TestTheTypeOfPagesFromS3IsLookedAt(t *testing.T) {
	s3 := servers.StartVersityGW(t, "www")
	t.Setenv("AWS_ACCESS_KEY_ID", s3.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s3.SecretKey)
	for _, c := range []struct {
		kind string
		exit int
	}{{"text/html;charset=UTF-8", failure.ExitOK}, {"application/octet-stream", failure.ExitEdgePending}} {
		b := newBench(t, threePages+"; echo '"+c.kind+"' > public/a.html")
		b.opts.To, b.opts.Endpoint, b.opts.Region = "s3://www", s3.Endpoint, servers.Region
		b.opts.VerifyLimit, b.opts.VerifyPages = 200*time.Millisecond, 10
		b.opts.PublicURL = cachedEdge(t, filepath.Join(s3.Data, "www"), func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/a.html" {
				w.Header().Set("Content-Type", c.kind)
			}
			return false
		})
		err := b.run("all")
		b.wantExit(err, c.exit)
		if err != nil && !strings.Contains(err.Error(), `content-type "application/octet-stream"`) {
			t.Errorf("it says %q", err)
		}
	}
}
