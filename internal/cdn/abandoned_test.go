package cdn

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// diesAfter is a bucket whose deploys die once they have written a page: no
// request gets through any more.
type diesAfter struct {
	*press
	mu   sync.Mutex
	page string // "" for never
	dead bool
}

func newDiesAfter(t *testing.T) *diesAfter {
	t.Helper()
	d := &diesAfter{press: newPress(t)}
	server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.dead {
			return &fakes3.Fault{Status: http.StatusForbidden, Code: "ExpiredToken"}
		}
		d.dead = r.Method == http.MethodPut && d.page != "" && strings.HasSuffix(r.URL.Path, "/"+d.page) && !strings.Contains(r.URL.Path, ".pressrun")
		return nil
	}}
	server.Bucket("b", nil)
	st, err := s3.Open(t.Context(), "b", "", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server, MaxAttempts: 1})
	if err != nil {
		t.Fatal(err)
	}
	d.dest = store.Destination{Site: st, State: st.Sub(".pressrun/"), StatePrefix: ".pressrun/", KeptPrefix: ".pressrun/content/"}
	d.deploy()
	if _, err := d.sync(); err != nil {
		t.Fatal(err)
	}
	return d
}

// die deploys until a page is written.
func (d *diesAfter) die(page string) {
	d.t.Helper()
	d.set(page)
	r, err := engine.Run(d.t.Context(), d.dest, engine.Options{Source: d.build, Site: "www", Rules: d.rules, Concurrency: 1})
	if err == nil || r.Live {
		d.t.Fatalf("the deploy did not die: %+v, %v", r, err)
	}
	d.set("")
}

func (d *diesAfter) set(page string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.page, d.dead = page, false
}

// TestPagesOfDeploysThatDiedArePurged: a visitor may have seen them, and a cache
// may hold them, though no release ever had them. Neither another deploy that
// died nor tidying up may lose that.
func TestPagesOfDeploysThatDiedArePurged(t *testing.T) {
	for name, c := range map[string]struct {
		story func(d *diesAfter)
		want  []string
	}{
		"put back by the next release": {func(d *diesAfter) {
			d.write("a.html", "two")
			d.die("a.html")
			d.write("a.html", "one")
			d.deploy()
		}, []string{"/a.html"}},
		"put back by a release, and tidied up since": {func(d *diesAfter) {
			d.write("a.html", "two")
			d.die("a.html")
			d.write("a.html", "one")
			d.deploy()
			for tidied := false; !tidied; {
				d.write("b.html", "at "+d.build+strings.Repeat("!", len(d.cdn.sets)))
				r := d.deploy()
				d.cdn.sets = append(d.cdn.sets, Set{}) // only to count
				tidied = slices.ContainsFunc(r.Phases, func(p deploy.PhaseTime) bool { return p.Name == "tidy" })
			}
		}, []string{"/a.html", "/b.html"}},
		"put back by another that died": {func(d *diesAfter) {
			d.write("a.html", "two")
			d.die("a.html")
			d.write("a.html", "one")
			d.die("a.html")
			d.write("b.html", "two")
			d.deploy()
		}, []string{"/a.html", "/b.html"}},
		"new, and never released": {func(d *diesAfter) {
			d.write("a-new.html", "new")
			d.die("a-new.html")
			d.remove("a-new.html")
			d.deploy()
		}, []string{"/a-new.html"}},
		"released by the next": {func(d *diesAfter) {
			d.write("a.html", "two")
			d.die("a.html")
			d.deploy()
		}, []string{"/a.html"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDiesAfter(t)
				c.story(d)
				d.told(name, c.want...)
				d.told("and once only")
			})
		})
	}
}

// TestTagsOfAPageThatWasNeverReleasedAreUsed: its copies have the tags it came
// with, not those of the release before.
func TestTagsOfAPageThatWasNeverReleasedAreUsed(t *testing.T) {
	synctest.Test(t, tagsOfAPageThatWasNeverReleased)
}

func tagsOfAPageThatWasNeverReleased(t *testing.T) {
	t.Helper()
	d := newDiesAfter(t)
	d.cdn.limits = Limits{Paths: 100, Tags: 10, TagHeader: "x-amz-meta-cache-tag", Everything: true, Prices: Prices{Unit: 0.005}}
	tag := func(name string) {
		d.rules = rules.Rules{Headers: []rules.HeaderRule{{Match: "a.html", Set: map[string]string{"x-amz-meta-cache-tag": name}}}}
	}
	tag("before")
	d.deploy()
	if _, err := d.sync(); err != nil {
		t.Fatal(err)
	}
	tag("dead")
	d.write("a.html", "two")
	d.die("a.html")
	tag("after")
	d.write("a.html", "three")
	d.deploy()
	r, err := d.sync()
	if err != nil || (!slices.Equal(r.Decision.Set.Tags, []string{"before", "dead"}) && !slices.Equal(r.Decision.Set.Paths, []string{"/a.html"})) {
		t.Fatalf("%+v, %v", r.Decision, err)
	}
}
