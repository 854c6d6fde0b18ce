package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

func TestRollbackPutsAReleaseBackAtTheCostOfTheDifference(t *testing.T) {
	whereverContentIsKept(t, func(t *testing.T, p place) {
		t.Helper()
		first := small()
		second := first.with("news/index.html", "news, second").with("about/index.html", "").with("new.html", "new")
		third := second.with("news/index.html", "news, third").with("files/a b#c?d%20é.pdf", "")
		for i, s := range []site{first, second, third} {
			o := options(s.write(t))
			o.Release = int64(127 + i)
			mustRun(t, p, o)
		}
		back := func(release int64) deploy.Result {
			t.Helper()
			r, err := engine.Rollback(t.Context(), p.dest, release, options(""))
			if err != nil || len(r.Warnings) > 0 {
				t.Fatalf("roll back to %d: %v %q", release, err, r.Warnings)
			}
			return r
		}
		r := back(0)
		if diff := cmp.Diff(second, p.read(t)); diff != "" || r.Release != 128 {
			t.Fatalf("release %d (-want +got):\n%s", r.Release, diff)
		}
		if diff := cmp.Diff(plan.Counts{New: 1, Content: 1, Unchanged: 6}, r.Counts); diff != "" {
			t.Error(diff)
		}
		r = back(127)
		if diff := cmp.Diff(first, p.read(t)); diff != "" || r.Release != 127 {
			t.Fatalf("release %d (-want +got):\n%s", r.Release, diff)
		}
		// And forward again, though 129 was never rolled back to.
		back(129)
		if diff := cmp.Diff(third, p.read(t)); diff != "" {
			t.Fatal(diff)
		}
		if _, err := engine.Rollback(t.Context(), p.dest, 5, options("")); !errors.Is(err, history.ErrNoRelease) {
			t.Errorf("a release that never was: %v", err)
		}
		o := options(third.write(t))
		o.Release = 130
		if r := mustRun(t, p, o); r.Uploaded != 0 {
			t.Errorf("the next release sends %d files that are there", r.Uploaded)
		}
	})
}

func TestOldReleasesAreTidiedAway(t *testing.T) {
	whereverContentIsKept(t, func(t *testing.T, p place) {
		t.Helper()
		for i := range 21 {
			o := options(small().with("news/index.html", fmt.Sprintf("edition %d", i)).write(t))
			o.KeepReleases = 3
			mustRun(t, p, o)
		}
		var manifests, contents int
		err := errors.Join(
			p.dest.State.List(t.Context(), "releases/", func(i store.Info) error { manifests++; return nil }),
			p.dest.KeptStore().List(t.Context(), p.dest.KeptPrefix, func(i store.Info) error { contents++; return nil }),
		)
		// After the 20th deploy 4 releases were left; the 21st added its own.
		if err != nil || manifests > 6 || contents > 5 {
			t.Errorf("%d manifests and %d contents are kept, %v", manifests, contents, err)
		}
		if r, err := engine.Rollback(t.Context(), p.dest, 18, options("")); err != nil || r.Counts.Content != 1 || r.Uploaded != 0 {
			t.Errorf("the oldest release that is kept: %+v, %v", r.Counts, err)
		}
		_, err = engine.Rollback(t.Context(), p.dest, 3, options(""))
		if !errors.Is(err, history.ErrNoRelease) || !strings.Contains(err.Error(), "no longer kept") {
			t.Errorf("a release that was tidied away: %v", err)
		}
	})
}

func TestManifestsThatACDNIsToBeToldOfAreKept(t *testing.T) {
	for name, c := range map[string]struct {
		told map[string]int64 // by CDN, which manifest each agrees with; "" as earlier versions noted it
		from int64            // the first that is kept
	}{
		"no CDN":                          {nil, 18},
		"one, by an earlier version":      {map[string]int64{"": 5}, 5},
		"one":                             {map[string]int64{"fastly:a": 6}, 6},
		"two":                             {map[string]int64{"fastly:a": 15, "varnish:b": 7}, 7},
		"one that was told before it was": {map[string]int64{"": 5, "fastly:a": 15}, 15},
	} {
		t.Run(name, func(t *testing.T) {
			dest := fake(t, &fakes3.Server{})
			for i := range 20 {
				o := options(small().with("news/index.html", fmt.Sprintf("edition %d", i)).write(t))
				o.KeepReleases = 2
				if _, err := engine.Run(t.Context(), dest, o); err != nil {
					t.Fatal(err)
				}
				for cdn, manifest := range c.told {
					if err := history.WritePurged(t.Context(), dest.State, history.Purged{CDN: cdn, Manifest: min(manifest, int64(i)+1)}); err != nil {
						t.Fatal(err)
					}
				}
			}
			for sequence := int64(1); sequence <= 20; sequence++ {
				_, err := history.ReadManifest(t.Context(), dest.State, history.ManifestKey(sequence), "www")
				if kept := err == nil; kept != (sequence >= c.from) {
					t.Errorf("manifest %d: %v", sequence, err)
				}
			}
		})
	}
}

// No page names it while it is away, so that nothing else changes as it comes back.
func TestAnAssetThatComesBackIsOneOfTheReleaseAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		const asset = "assets/app-BxK3a9_z.js"
		with := small().with("about/index.html", "about")
		for _, s := range []site{with, with.with(asset, ""), with} {
			mustRun(t, p, options(s.write(t)))
		}
		head, err := history.ReadHead(t.Context(), p.dest.State, "www")
		if err != nil {
			t.Fatal(err)
		}
		m, err := history.ReadManifest(t.Context(), p.dest.State, history.ManifestKey(head.Live.Manifest), "www")
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := m.Find(asset); !ok || len(m.Retired) > 0 {
			t.Errorf("the live release has %d files without %s, and %d dropped ones", len(m.Entries), asset, len(m.Retired))
		}
	})
}

// A nightly build that changes nothing is no release to go back to: it shows what
// is live already.
func TestRollbackWithoutANumberPassesOverReleasesThatChangedNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		good, bad := small(), small().with("news/index.html", "bad news")
		for _, s := range []site{good, bad, bad, bad} {
			mustRun(t, p, options(s.write(t)))
		}
		r := rollBack(t, p.dest, 0)
		if diff := cmp.Diff(good, p.read(t)); diff != "" || r.Release != 1 {
			t.Errorf("release %d (-want +got):\n%s", r.Release, diff)
		}
	})
}

// Each release can be named, also one that was made after going back.
func TestANumberIsGivenOnce(t *testing.T) {
	p := newBucket(t).place
	for _, edition := range []string{"one", "two", "three"} {
		mustRun(t, p, options(small().with("news/index.html", edition).write(t)))
	}
	rollBack(t, p.dest, 1)
	if r := mustRun(t, p, options(small().with("news/index.html", "four").write(t))); r.Release != 4 {
		t.Errorf("the next release has the number %d", r.Release)
	}
	rollBack(t, p.dest, 2)
	if got := p.read(t)["news/index.html"]; got != "two" {
		t.Errorf("release 2 shows %q", got)
	}
}

// The number of the live release stays until whoever gives them gives the next.
func TestDeploysByHandTakeNoNumberThatIsToBeGiven(t *testing.T) {
	p := newBucket(t).place
	for i, given := range []int64{128, 0, 0} {
		o := options(small().with("news/index.html", fmt.Sprint("edition ", i)).write(t))
		o.Release = given
		if r := mustRun(t, p, o); r.Release != 128 {
			t.Errorf("deploy %d has the number %d", i+1, r.Release)
		}
	}
	o := options(small().write(t))
	o.Release = 127
	if _, err := engine.Run(t.Context(), p.dest, o); err == nil || !strings.Contains(err.Error(), guard.OlderRelease) {
		t.Errorf("a release older than the one that was corrected by hand: %v", err)
	}
}

func TestADryRunOfARollbackFindsOutThatItCanNotBeMade(t *testing.T) {
	dest := fake(t, &fakes3.Server{})
	for _, edition := range []string{"one", "two"} {
		if _, err := engine.Run(t.Context(), dest, options(small().with("news/index.html", edition).write(t))); err != nil {
			t.Fatal(err)
		}
	}
	o := options("")
	o.DryRun = true
	if r, err := engine.Rollback(t.Context(), dest, 1, o); err != nil || r.Live || r.Uploaded != 0 || r.Counts.Content != 1 {
		t.Errorf("%d sent, %+v, %v", r.Uploaded, r.Counts, err)
	}
	for _, key := range keptKeys(t, dest) {
		if err := dest.KeptStore().Delete(t.Context(), []store.Deletion{{Key: key}})[0]; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := engine.Rollback(t.Context(), dest, 1, o); err == nil || !strings.Contains(err.Error(), "no longer kept") {
		t.Errorf("got %v", err)
	}
}

// A build every hour that changes nothing must not push out the releases that
// somebody may want back.
func TestReleasesThatChangedNothingPushOutNoOther(t *testing.T) {
	p := newBucket(t).place
	good, bad := small(), small().with("news/index.html", "bad news")
	mustRun(t, p, options(good.write(t)))
	again := bad.write(t)
	for range 70 {
		mustRun(t, p, options(again))
	}
	r := rollBack(t, p.dest, 0)
	if diff := cmp.Diff(good, p.read(t)); diff != "" || r.Release != 1 {
		t.Errorf("release %d (-want +got):\n%s", r.Release, diff)
	}
}

func TestWhoeverKeepsNoReleasesKeepsTheLiveOne(t *testing.T) {
	p := newBucket(t).place
	for i := range 21 {
		o := options(small().with("news/index.html", fmt.Sprintf("edition %d", i)).write(t))
		o.KeepReleases = -1
		mustRun(t, p, o)
	}
	if keys := keptKeys(t, p.dest); len(keys) > 0 {
		t.Errorf("content is kept: %q", keys)
	}
}
