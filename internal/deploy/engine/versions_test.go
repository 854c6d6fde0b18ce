package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

func rollBack(t *testing.T, dest store.Destination, release int64) deploy.Result {
	t.Helper()
	r, err := engine.Rollback(t.Context(), dest, release, options(""))
	if err != nil || !r.Live || r.Uploaded != 0 || len(r.Warnings) > 0 {
		t.Fatalf("roll back to %d: %+v, %v", release, r, err)
	}
	return r
}

func TestABucketWithVersionsNeedsNoCopies(t *testing.T) {
	p, _ := withVersions(t)
	first := small().with("files/big.zip", strings.Repeat("0123456789abcdef", 17<<16)) // sent in parts
	second := first.with("404.html", "not found, second").with("news/index.html", "").with("files/big.zip", "")
	third := second.with("404.html", "not found, third").with("news/index.html", "news, again")
	for _, s := range []site{first, second, third} {
		mustRun(t, p, options(s.write(t)))
	}
	for release, want := range map[int64]site{1: first, 2: second, 3: third} {
		r := rollBack(t, p.dest, release)
		if diff := cmp.Diff(want, p.read(t)); diff != "" || len(r.Notes) > 0 {
			t.Errorf("release %d: %q (-want +got):\n%s", release, r.Notes, diff)
		}
	}
	if keys := keptKeys(t, p.dest); len(keys) > 0 {
		t.Errorf("copies were made: %q", keys)
	}
	if r := mustRun(t, p, options(p.read(t).write(t))); r.Uploaded != 0 {
		t.Errorf("the next deploy sends %d files that are there", r.Uploaded)
	}
}

func TestVersionsThatHaveExpiredAreFoundOutBeforeTheFirstWrite(t *testing.T) {
	p, gw := withVersions(t)
	first := small()
	second := first.with("news/index.html", "news, second").with("404.html", "not found, second")
	mustRun(t, p, options(first.write(t)))
	mustRun(t, p, options(second.write(t)))
	gw.Expire(t, "site")
	_, err := engine.Rollback(t.Context(), p.dest, 1, options(""))
	if err == nil || !strings.Contains(err.Error(), "no longer kept") {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(second, p.read(t)); diff != "" {
		t.Fatal(diff)
	}
}

// TestEachFileIsKeptAsItCanBe: versioning is turned on, suspended and turned on
// again while releases go by. Each file is restored from its version where it has
// one, else from its copy.
func TestEachFileIsKeptAsItCanBe(t *testing.T) {
	server := &fakes3.Server{}
	dest := fake(t, server)
	pages := []string{"news/index.html", "about/index.html", "404.html"}
	sites := []site{small()}
	deployTo(t, dest, sites[0])
	for i, on := range []bool{true, false, true, false} {
		server.Versioned = on
		s := sites[i].with(pages[i%3], "edition "+string(rune('a'+i))).with(pages[(i+1)%3], "other edition "+string(rune('a'+i)))
		if i == 2 {
			s = s.with("sitemap.xml", "")
		}
		sites = append(sites, s)
		deployTo(t, dest, s)
	}
	for _, on := range []bool{false, true} {
		server.Versioned = on
		for _, release := range []int{1, 5, 2, 4, 3, 1} {
			rollBack(t, dest, int64(release))
			if diff := cmp.Diff(sites[release-1], readStore(t, dest)); diff != "" {
				t.Errorf("release %d (-want +got):\n%s", release, diff)
			}
		}
	}
}

func TestWhatIsReplacedWhileVersioningIsSuspendedIsKeptByCopies(t *testing.T) {
	p, gw := withVersions(t)
	first := small()
	mustRun(t, p, options(first.write(t)))
	gw.KeepVersions(t, "site", false)
	second := first.with("news/index.html", "news, second").with("404.html", "not found, second").with("sitemap.xml", "")
	mustRun(t, p, options(second.write(t)))
	for release, want := range []site{first, second, first} {
		rollBack(t, p.dest, int64(release%2+1))
		if diff := cmp.Diff(want, p.read(t)); diff != "" {
			t.Errorf("release %d (-want +got):\n%s", release%2+1, diff)
		}
	}
}

func deployTo(t *testing.T, dest store.Destination, s site) {
	t.Helper()
	if _, err := engine.Run(t.Context(), dest, options(s.write(t))); err != nil {
		t.Fatal(err)
	}
}

func TestABucketThatDoesNotTellOfItsVersionsGetsCopies(t *testing.T) {
	denied := &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
	for _, c := range []struct {
		name         string
		refuse       func(*http.Request) bool
		fault        *fakes3.Fault
		first, later bool // a note tells of it
	}{
		{"whether it keeps them is not to be known", func(r *http.Request) bool { return r.URL.Query().Has("versioning") }, denied, true, false},
		{
			"it knows no versioning, and gives ids all the same",
			func(r *http.Request) bool { return r.URL.Query().Has("versioning") },
			&fakes3.Fault{Status: http.StatusNotImplemented, Code: "NotImplemented"}, true, false,
		},
		{"they can't be read", func(r *http.Request) bool { return r.URL.Query().Has("versionId") }, denied, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dest := fake(t, &fakes3.Server{Versioned: true, Before: func(r *http.Request) *fakes3.Fault {
				if c.refuse(r) {
					return c.fault
				}
				return nil
			}})
			second := small().with("news/index.html", "news, second")
			for i, s := range []site{small(), second} {
				r, err := engine.Run(t.Context(), dest, options(s.write(t)))
				if err != nil || len(r.Warnings) > 0 {
					t.Fatalf("%v, %q", err, r.Warnings)
				}
				if want := []bool{c.first, c.later}[i]; (len(r.Notes) == 1) != want || len(r.Notes) > 1 {
					t.Errorf("deploy %d: notes %q", i+1, r.Notes)
				}
			}
			if keys := keptKeys(t, dest); len(keys) != 1 {
				t.Errorf("kept: %q", keys)
			}
			rollBack(t, dest, 1)
			if o, err := dest.Site.Get(t.Context(), "news/index.html"); err != nil || string(o.Body) != "news" {
				t.Errorf("%q, %v", o.Body, err)
			}
		})
	}
}

func TestVersionsThatCanNoLongerBeReadStopARollback(t *testing.T) {
	refuse := false
	server := &fakes3.Server{Versioned: true, Before: func(r *http.Request) *fakes3.Fault {
		if refuse && r.URL.Query().Has("versionId") {
			return &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
		}
		return nil
	}}
	dest := fake(t, server)
	for _, s := range []site{small(), small().with("news/index.html", "news, second")} {
		if _, err := engine.Run(t.Context(), dest, options(s.write(t))); err != nil {
			t.Fatal(err)
		}
	}
	refuse = true
	before := server.Objects("b")
	_, err := engine.Rollback(t.Context(), dest, 1, options(""))
	if err == nil || !strings.Contains(err.Error(), "s3:GetObjectVersion") {
		t.Fatalf("got %v", err)
	}
	if got := server.Objects("b"); string(got["news/index.html"].Body) != "news, second" || len(got) != len(before) {
		t.Error("something was written")
	}
}

func TestAManifestWithVersionsStaysSmall(t *testing.T) {
	m := &manifest.Manifest{Site: "www"}
	plain := &manifest.Manifest{Site: "www"}
	for i := range 1000 {
		e := manifest.Entry{Path: strings.Repeat("p", 1+i/26/26) + string(rune('a'+i/26%26)) + string(rune('a'+i%26)) + ".html"}
		plain.Entries = append(plain.Entries, e)
		if i%100 == 0 {
			e.Version = "3sL4kqtJlcpXroDTDmJ+rmSpXd3dIbrH"
		}
		m.Entries = append(m.Entries, e)
	}
	for _, m := range []*manifest.Manifest{m, plain} {
		slices.SortFunc(m.Entries, func(a, b manifest.Entry) int { return strings.Compare(a.Path, b.Path) })
	}
	few, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	none, err := plain.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if more := len(few) - len(none); more > 10*40 {
		t.Errorf("ten files with versions take %d bytes more", more)
	}
}
