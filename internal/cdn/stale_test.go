package cdn

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/test/servers"
)

// TestAReleaseIsLiveAtTheEdgeOnceTheCDNWasTold is the whole way: deploys into a
// folder, a server over it, a real Varnish before that, and the public's view.
func TestAReleaseIsLiveAtTheEdgeOnceTheCDNWasTold(t *testing.T) {
	p := newPress(t)
	p.deploy()
	files := http.FileServer(http.Dir(filepath.Join(filepath.Dir(p.build), "www")))
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		if r.URL.Path == "/"+manifest.MarkerPath {
			w.Header().Set("Cache-Control", "no-store")
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(origin.Close)
	vcl, err := os.ReadFile("../../docs/varnish.vcl")
	if err != nil {
		t.Fatal(err)
	}
	edge := servers.StartVarnish(t, string(vcl), origin.URL)
	purger, err := Open(t.Context(), Config{Address: "varnish:" + edge, PublicURL: edge, Retry: quick})
	if err != nil {
		t.Fatal(err)
	}
	look := func(r deploy.Result) (verify.Result, error) {
		live, err := history.ReadManifest(t.Context(), p.dest.State, history.ManifestKey(r.Sequence), "www")
		if err != nil {
			t.Fatal(err)
		}
		return verify.Run(t.Context(), verify.Options{
			URL: edge, Site: "www", Release: r.Release, Sequence: r.Sequence, Sample: verify.Sample(r.All, live, 10),
			Limit: 20 * time.Millisecond, Interval: 10 * time.Millisecond,
		})
	}
	sync := func() {
		t.Helper()
		if _, err := Sync(t.Context(), p.dest, purger, SyncOptions{Site: "www", PublicURL: edge}); err != nil {
			t.Fatal(err)
		}
	}
	sync()
	for _, path := range []string{"/", "/a.html", "/b.html"} { // visitors fill the cache
		got, err := http.Get(edge + path)
		if err != nil || got.StatusCode != http.StatusOK || got.Body.Close() != nil {
			t.Fatalf("%s: %+v, %v", path, got, err)
		}
	}
	p.write("a.html", "two")
	if err := os.Remove(filepath.Join(p.build, "b.html")); err != nil {
		t.Fatal(err)
	}
	release := p.deploy()

	seen, err := look(release)
	notSeen, ok := errors.AsType[*verify.NotSeenError](err)
	if !ok || len(notSeen.Findings) != 2 || seen.Marker.Release != release.Release {
		t.Fatalf("live at the origin, edge pending: %+v, %v", seen, err)
	}
	for _, f := range notSeen.Findings {
		if (f.Mismatch != verify.MismatchContent || !strings.HasSuffix(f.URL, "/a.html")) && (f.Mismatch != verify.MismatchStillThere || !strings.HasSuffix(f.URL, "/b.html")) {
			t.Errorf("%+v", f)
		}
	}
	sync()
	if seen, err = look(release); err != nil || seen.Checked != 2 {
		t.Errorf("after the purge: %+v, %v", seen, err)
	}
}
