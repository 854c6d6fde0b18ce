//go:build unix

package act

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/release"
)

// moody is the way to the bucket, by which one shard's content can be kept from coming
// through.
type moody struct {
	*httputil.ReverseProxy
	shards int
	refuse atomic.Int64 // the shard; 0 for none
	sent   atomic.Int64 // contents that came through
}

// sentContent is where a content lies that a shard sends, by its hash.
var sentContent = regexp.MustCompile(`/\.pressrun/content/.*?([0-9a-f]{64})`)

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if found := sentContent.FindStringSubmatch(r.URL.Path); found != nil && r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") == "" {
		bytes, _ := hex.DecodeString(found[1]) // the pattern has hex alone
		if shard := (engine.Sharded{Shards: m.shards}).ShardOf(store.Sum(bytes)); int64(shard) == m.refuse.Load() {
			http.Error(w, "<Error><Code>AccessDenied</Code><Message>not this shard</Message></Error>", http.StatusForbidden)
			return
		}
		m.sent.Add(1)
	}
	m.ReverseProxy.ServeHTTP(w, r)
}

// newMatrixRig is a rig whose site has copied the workflow of many jobs. Actions for
// artifacts are stood for by copies into a folder: what they do at GitHub is not tried.
func newMatrixRig(t *testing.T, shards int) (*rig, *moody) {
	t.Helper()
	r := newRig(t, "mkdir -p public && cp -a source/. public/")
	to, err := url.Parse(r.s3.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	way := &moody{shards: shards, ReverseProxy: &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(to)
		p.Out.Host = p.In.Host // it is signed
	}}}
	srv := httptest.NewServer(way)
	t.Cleanup(srv.Close)
	artifacts := t.TempDir()
	composite := func(run string) string {
		return r.commit(r.write(t.TempDir(), map[string]string{"action.yml": "name: artifact\ndescription: stands for one\n" +
			"inputs:\n  name: { required: true }\n  path: { required: true }\n  include-hidden-files: {}\n  overwrite: {}\n  retention-days: {}\n" +
			"runs:\n  using: composite\n  steps:\n    - shell: bash\n      env: { NAME: '${{ inputs.name }}', WHERE: '${{ inputs.path }}' }\n      run: |\n        " + run + "\n"}))
	}
	r.stands = map[string]string{
		"actions/upload-artifact":   composite(`rm -rf "` + artifacts + `/$NAME" && mkdir -p "` + artifacts + `/$NAME" && cp -a "$WHERE/." "` + artifacts + `/$NAME/"`),
		"actions/download-artifact": composite(`mkdir -p "$WHERE" && cp -a "` + artifacts + `/$NAME/." "$WHERE/"`),
	}
	r.workflow, r.endpoint = "content-release-matrix.yml", srv.URL
	r.env = []string{"--var", "PRESSRUN_SHARDS=" + string(rune('0'+shards))}
	files := map[string]string{"source/.well-known/security.txt": "Contact: mailto:web@example.gov\n", "source/index.html": page("Home")}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		files["source/"+name+"/index.html"] = page(name)
	}
	r.site = r.siteOf(files)
	return r, way
}

// A shard that fails ends the run with nothing changed. The app asks again, and the jobs
// of that run send what is missing, and put all in place.
func TestAReleaseByManyJobs(t *testing.T) {
	r, way := newMatrixRig(t, 2)
	way.refuse.Store(2)
	r.ask("New hours")
	site := r.until("failed", func(s release.Site) bool { return s.Last.Number == 1 })
	if site.Last.Outcome != release.Failed {
		t.Fatalf("with a shard that fails it ended as %s: %s\n%s", site.Last.Outcome, site.Last.Why, r.runners.log(r.github.Runs()[0].ID))
	}
	r.runners.all.Wait()
	first := r.runners.log(r.github.Runs()[0].ID)
	if !strings.Contains(first, "shard 1 of 2 is there") || strings.Contains(first, "Put in place") && strings.Contains(first, "deploy: done") {
		t.Fatalf("the run's log:\n%s", first)
	}
	if _, err := os.Stat(filepath.Join(r.s3.Data, "www", "index.html")); err == nil {
		t.Error("a page is there although a shard failed")
	}
	sent := way.sent.Load()

	// Somebody mends it and runs the jobs again.
	way.refuse.Store(0)
	again, err := r.github.Rerun(r.github.Runs()[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	r.runners.carryOut(again)
	site = r.until("live", func(s release.Site) bool { return s.Last.Number == 2 })
	log := r.runners.log(r.github.Runs()[0].ID)
	if site.Last.Outcome != release.Succeeded {
		t.Fatalf("run again it ended as %s: %s\n%s", site.Last.Outcome, site.Last.Why, log)
	}
	if got := r.page("index.html"); !strings.Contains(got, "Home") {
		t.Errorf("the bucket has the page %q", got)
	}
	if _, err := os.Stat(filepath.Join(r.s3.Data, "www", ".well-known", "security.txt")); err != nil {
		t.Errorf("a hidden file is missing: %v", err)
	}
	if !strings.Contains(log, "shard 1 of 2 is there: 0 files") {
		t.Errorf("the shard that had been sent was sent again (%d contents before, %d now):\n%s", sent, way.sent.Load(), log)
	}
	r.runners.all.Wait()
}
