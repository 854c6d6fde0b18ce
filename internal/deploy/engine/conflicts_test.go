package engine_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

// changesOfKind are builds of which a file of one is a folder of the other, either way.
var changesOfKind = map[string][2]site{
	"a page": {
		small().with("about/index.html", "").with("about", "about as a file"),
		small().with("about/index.html", "about as a folder"),
	},
	"a page with its assets": {
		small().with("tour", "the tour"),
		small().with("tour/index.html", `<script src=app.js></script>`).with("tour/app.js", "1").with("tour/data.json", "{}").with("tour/more/feed.xml", "<rss/>"),
	},
	"a redirect": {
		small().with("_redirects", "/form.pdf /about/\n"),
		small().with("form.pdf/index.html", "the form").with("form.pdf/form.txt", "text"),
	},
	"a redirect either way": {
		small().with("_redirects", "/v1.html /about/\n"),
		small().with("_redirects", "/v1.html/old /about/\n"),
	},
	"an entry page": {
		small().with("feed", "as a file"),
		small().with("feed/index.xml", "<rss/>"),
	},
	"several at once": {
		small().with("a", "a").with("b/x/y.html", "y").with("c/d", "d"),
		small().with("a/x.html", "x").with("a/y/z.html", "z").with("b", "b").with("c/d/e", "e"),
	},
}

// TestAFileThatBecomesAFolder goes there and back, by builds and by rollbacks, on
// stores where one name can't be both.
func TestAFileThatBecomesAFolder(t *testing.T) {
	for name, open := range onFolders(t) {
		for what, s := range changesOfKind {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				p := open(t)
				var was []site
				for i, s := range []site{s[0], s[1], s[0], s[1]} {
					r, err := engine.Run(t.Context(), p.dest, options(s.write(t)))
					if err != nil || !r.Live {
						t.Fatalf("release %d: %v", i+1, err)
					}
					was = append(was, p.read(t))
					if diff := cmp.Diff(s.served(), was[i].served()); diff != "" {
						t.Fatalf("release %d (-want +got):\n%s", i+1, diff)
					}
				}
				for _, release := range []int64{1, 2, 3} {
					if _, err := engine.Rollback(t.Context(), p.dest, release, options("")); err != nil {
						t.Fatalf("roll back to %d: %v", release, err)
					}
					if diff := cmp.Diff(was[release-1], p.read(t)); diff != "" {
						t.Fatalf("back at release %d (-want +got):\n%s", release, diff)
					}
				}
			})
		}
	}
}

// served leaves out what a release makes of redirects, which differs by store.
func (s site) served() site {
	out := site{}
	for name, body := range s {
		if !strings.Contains(body, "http-equiv") && name != "_redirects" {
			out[name] = body
		}
	}
	return out
}

// onFolders are the places where no key can be another's folder.
func onFolders(t *testing.T) map[string]func(t *testing.T) place {
	t.Helper()
	all := places(t)
	gw := servers.StartVersityGW(t, "site")
	var opened atomic.Int32
	all["versitygw"] = func(t *testing.T) place {
		t.Helper()
		prefix := fmt.Sprintf("www%d", opened.Add(1))
		return folder(t, "s3://site/"+prefix, destination.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey}, filepath.Join(gw.Data, "site", prefix))
	}
	all["in memory"] = func(t *testing.T) place { t.Helper(); return nestless(t).place }
	all["in memory, deleting blindly"] = func(t *testing.T) place {
		t.Helper()
		b := nestless(t)
		b.Lacks.DeleteIfMatch = true
		return b.place
	}
	return all
}

// nestless is a store in memory where no key can be another's folder.
func nestless(t *testing.T) bucket {
	t.Helper()
	b := newBucket(t)
	b.Lacks.NestedKeys = true
	b.remove = func(t *testing.T, name string) {
		t.Helper()
		if err := b.dest.Site.Delete(t.Context(), []store.Deletion{{Key: name}})[0]; err != nil {
			t.Fatal(err)
		}
	}
	b.put = func(t *testing.T, name, body string) {
		t.Helper()
		put := store.SmallPut(name, "content-type: text/html\n", []byte(body), store.Condition{})
		if _, err := b.dest.Site.Put(t.Context(), put); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestAStoreThatNestsKeepsTheOldFileUntilTheCommit: nothing is away for an instant.
func TestAStoreThatNestsKeepsTheOldFileUntilTheCommit(t *testing.T) {
	b := newBucket(t)
	if _, err := engine.Run(t.Context(), b.dest, options(small().with("tour", "the tour").write(t))); err != nil {
		t.Fatal(err)
	}
	b.Changed = func(objects map[string]fakes3.Object, _ string) {
		_, old := objects["tour"]
		if _, live := objects["tour/index.html"]; !old && !live {
			t.Error("neither the file nor the folder is there")
		}
	}
	r, err := engine.Run(t.Context(), b.dest, options(small().with("tour/index.html", "tour").write(t)))
	if err != nil || r.Deleted != 1 || len(r.MissingCapabilities) > 0 || len(r.Notes) > 0 {
		t.Errorf("%d deleted, %v %q %v", r.Deleted, r.MissingCapabilities, r.Notes, err)
	}
}

// TestWhatIsInTheWayIsDeletedAsLateAsCanBe: all that is not in the folder, and no
// page can miss, is there before; and no page comes before an asset.
func TestWhatIsInTheWayIsDeletedAsLateAsCanBe(t *testing.T) {
	b := nestless(t)
	if _, err := engine.Run(t.Context(), b.dest, options(small().with("tour", "the tour").write(t))); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []string
	b.Changed = func(_ map[string]fakes3.Object, key string) {
		mu.Lock()
		defer mu.Unlock()
		if !strings.HasPrefix(key, ".pressrun/") {
			order = append(order, key)
		}
	}
	next := small().with("tour/index.html", "tour").with("tour/app.js", "1").with("tour/tour.txt", "t").
		with("new.css", "n").with("new.txt", "n").with("new/index.html", "n").with("feed.xml", "<rss/>")
	r, err := engine.Run(t.Context(), b.dest, options(next.write(t)))
	if err != nil || r.Deleted != 1 || !strings.Contains(strings.Join(r.Notes, " "), "tour had to be deleted before files") {
		t.Fatalf("%d deleted, %q, %v", r.Deleted, r.Notes, err)
	}
	want := []string{"new.css", "new.txt", "tour", "tour/app.js", "tour/tour.txt", "tour/index.html", "new/index.html", "feed.xml", manifest.MarkerPath}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Errorf("the order of changes (-want +got):\n%s", diff)
	}
}

// TestAnAssetInItsGraceTimeGivesWay: it would have stayed for a month.
func TestAnAssetInItsGraceTimeGivesWay(t *testing.T) {
	for _, between := range []bool{false, true} {
		b := nestless(t)
		builds := []site{small().with("lib/a.js", "1"), small(), small().with("lib", "a file now")}
		if !between {
			builds = slices.Delete(builds, 1, 2)
		}
		for i, s := range builds {
			r, err := engine.Run(t.Context(), b.dest, options(s.write(t)))
			if err != nil {
				t.Fatal(err)
			}
			if last := i == len(builds)-1; last && (r.Deleted != 1 || r.Counts.Gone != 1 || r.Counts.Retired != 0) {
				t.Errorf("dropped a release before: %t: %d deleted, %+v", between, r.Deleted, r.Counts)
			}
		}
		if _, err := engine.Rollback(t.Context(), b.dest, 1, options("")); err != nil {
			t.Fatal(err)
		}
		if got := b.read(t); got["lib/a.js"] != "1" || got["lib"] != "" {
			t.Errorf("after the rollback: %q", got)
		}
	}
}

// TestADeployThatDiesWhileAFileBecomesAFolder is stopped at each of its requests. The
// next one finishes it, or puts the old build back.
func TestADeployThatDiesWhileAFileBecomesAFolder(t *testing.T) {
	s := changesOfKind["several at once"]
	first, second := s[0].write(t), s[1].write(t)
	for _, next := range []struct {
		site
		dir string
	}{{s[1], second}, {s[0], first}} {
		for cut := 1; ; cut++ {
			b := nestless(t)
			if _, err := engine.Run(t.Context(), b.dest, options(first)); err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			requests := 0
			b.Before = func(*http.Request) *fakes3.Fault {
				mu.Lock()
				defer mu.Unlock()
				if requests++; requests >= cut {
					return &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
				}
				return nil
			}
			r, err := engine.Run(t.Context(), b.dest, options(second))
			b.Before = nil
			if err == nil && len(r.Warnings) == 0 {
				break // it was not cut off
			}
			expire(t, b)
			if _, err := engine.Run(t.Context(), b.dest, options(next.dir)); err != nil {
				t.Fatalf("after a cut at request %d: %v", cut, err)
			}
			if diff := cmp.Diff(next.site, b.read(t)); diff != "" {
				t.Fatalf("after a cut at request %d (-want +got):\n%s", cut, diff)
			}
			if cut > 500 {
				t.Fatal("it never ends")
			}
		}
	}
}

// expire ends the lease of a deploy that could not give it back.
func expire(t *testing.T, b bucket) {
	t.Helper()
	o, err := b.dest.State.Get(t.Context(), "head")
	if err != nil {
		t.Fatal(err)
	}
	head, err := manifest.ParseHead(o.Body, "")
	if err != nil {
		t.Fatal(err)
	}
	head.Lease = nil
	body, err := head.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.dest.State.Put(t.Context(), store.SmallPut("head", manifest.StateHeaders, body, store.Condition{})); err != nil {
		t.Fatal(err)
	}
}

// TestWhatIsNotOursAndInTheWayIsRefusedByName before anything of the site is written.
func TestWhatIsNotOursAndInTheWayIsRefusedByName(t *testing.T) {
	for name, open := range onFolders(t) {
		for what, c := range map[string]struct {
			theirs, ours string
			first        bool // there before the first release
		}{
			"a file where a folder is needed":      {"tour", "tour/index.html", false},
			"a file further up":                    {"a/b", "a/b/c/d.html", false},
			"a file within a new folder":           {"a/b", "a/b/c.html", false},
			"a folder where a file is needed":      {"tour/deep/theirs.html", "tour", false},
			"a folder in one of ours":              {"about/more/theirs.html", "about/more", false},
			"a file, at the first release":         {"tour", "tour/index.html", true},
			"a folder, at the first release":       {"tour/theirs.html", "tour", true},
			"a redirect that leads on from a page": {"old.html/theirs.html", "old.html", false},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				t.Parallel()
				p := open(t)
				if !c.first {
					if _, err := engine.Run(t.Context(), p.dest, options(small().write(t))); err != nil {
						t.Fatal(err)
					}
				}
				p.put(t, c.theirs, "theirs")
				before := p.read(t)
				for _, dry := range []bool{true, false} {
					o := options(small().with(c.ours, "ours").with("other.html", "other").with("assets/other.css", "o").write(t))
					o.DryRun, o.Allow = dry, []string{guard.ForeignFiles}
					r, err := engine.Run(t.Context(), p.dest, o)
					if dry && c.first && err == nil {
						continue // of a store that nobody has tried nothing is known
					}
					if err == nil || r.Live || !strings.Contains(err.Error(), fmt.Sprintf("%q, where the release has %q", c.theirs, c.ours)) {
						t.Fatalf("dry run %t: live %t, %v", dry, r.Live, err)
					}
				}
				if diff := cmp.Diff(before, p.read(t)); diff != "" {
					t.Errorf("something was written (-before +after):\n%s", diff)
				}
			})
		}
	}
}

// TestWhatOthersHaveBesideNewFilesIsNotInTheWay, also in folders of the same names.
func TestWhatOthersHaveBesideNewFilesIsNotInTheWay(t *testing.T) {
	for name, open := range onFolders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			theirs := []string{"tour/theirs.html", "tour.html", "tou", "tour/index.htm", "tour/index.html.bak", "about/theirs/x.html"}
			for _, key := range theirs {
				p.put(t, key, "theirs")
			}
			want := small()
			for _, s := range []site{small(), small().with("tour/index.html", "ours").with("about/theirs/y.html", "ours")} {
				if _, err := engine.Run(t.Context(), p.dest, options(s.write(t))); err != nil {
					t.Fatal(err)
				}
				want = s
			}
			for _, key := range theirs {
				want[key] = "theirs"
			}
			if diff := cmp.Diff(want, p.read(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestAFileOfOursInTheWayThatSomebodyChangedIsNotDeleted, nor is anything else done.
func TestAFileOfOursInTheWayThatSomebodyChangedIsNotDeleted(t *testing.T) {
	for name, open := range onFolders(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			if _, err := engine.Run(t.Context(), p.dest, options(small().with("tour", "ours").write(t))); err != nil {
				t.Fatal(err)
			}
			p.put(t, "tour", "changed by hand")
			before := p.read(t)
			for range 2 {
				_, err := engine.Run(t.Context(), p.dest, options(small().with("tour/index.html", "a folder").with("a.css", "a").write(t)))
				if err == nil || !strings.Contains(err.Error(), `"tour", where the release has "tour/index.html"`) {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(before, p.read(t)); diff != "" {
				t.Errorf("something was written (-before +after):\n%s", diff)
			}
			p.remove(t, "tour")
			if _, err := engine.Run(t.Context(), p.dest, options(small().with("tour/index.html", "a folder").write(t))); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWhetherKeysNestIsFoundOutOnce, also where an earlier version has looked for all
// else.
func TestWhetherKeysNestIsFoundOutOnce(t *testing.T) {
	for _, lacks := range []bool{false, true} {
		b := newBucket(t)
		b.Lacks.NestedKeys = lacks
		var want []store.MissingCapability
		if lacks {
			want = append(want, store.MissingNestedKeys)
		}
		probes := 0
		run := func(said bool) {
			t.Helper()
			var mu sync.Mutex
			probes = 0
			b.Before = func(r *http.Request) *fakes3.Fault {
				mu.Lock()
				defer mu.Unlock()
				if strings.Contains(r.URL.Path, "probe") {
					probes++
				}
				return nil
			}
			r, err := engine.Run(t.Context(), b.dest, options(small().write(t)))
			if err != nil || !slices.Equal(r.MissingCapabilities, want) || len(r.Warnings) > 0 || len(r.Notes) > 0 != (said && lacks) {
				t.Errorf("lacks %t: %v %q %q %v", lacks, r.MissingCapabilities, r.Warnings, r.Notes, err)
			}
			if probes > 0 != said {
				t.Errorf("%d requests tried the store", probes)
			}
		}
		run(true)
		run(false)
		untried(t, b)
		run(true)
		run(false)
		for key := range b.Objects("b") {
			if strings.Contains(key, "probe") {
				t.Errorf("%s stayed behind", key)
			}
		}
	}
}

// untried makes the head one of a version that knew nothing of nested keys.
func untried(t *testing.T, b bucket) {
	t.Helper()
	o, err := b.dest.State.Get(t.Context(), "head")
	if err != nil {
		t.Fatal(err)
	}
	head, err := manifest.ParseHead(o.Body, "")
	if err != nil {
		t.Fatal(err)
	}
	head.Store = &store.Capabilities{}
	body, err := head.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.dest.State.Put(t.Context(), store.SmallPut("head", manifest.StateHeaders, body, store.Condition{})); err != nil {
		t.Fatal(err)
	}
}

// TestAStoreThatKeepsThePlaceOfWhatIsDeletedIsRefused: versitygw keeps a file there in
// a bucket that keeps versions, or did.
func TestAStoreThatKeepsThePlaceOfWhatIsDeletedIsRefused(t *testing.T) {
	for _, suspended := range []bool{false, true} {
		gw := servers.StartVersioningGW(t, "site")
		gw.KeepVersions(t, "site", true)
		if suspended {
			gw.KeepVersions(t, "site", false)
		}
		p := folder(t, "s3://site/www", destination.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey}, filepath.Join(gw.Data, "site", "www"))
		if _, err := engine.Run(t.Context(), p.dest, options(small().with("tour", "ours").write(t))); err != nil {
			t.Fatal(err)
		}
		before := p.read(t)
		r, err := engine.Run(t.Context(), p.dest, options(small().with("tour/index.html", "a folder").with("a.css", "a").write(t)))
		if err == nil || r.Live || !strings.Contains(err.Error(), "tour conflicts with a file of the release") || !strings.Contains(err.Error(), "with all its versions") {
			t.Fatalf("live %t, %v", r.Live, err)
		}
		if diff := cmp.Diff(before, p.read(t)); diff != "" {
			t.Errorf("something was written (-before +after):\n%s", diff)
		}
	}
}
