package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
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
		if diff := cmp.Diff(deploy.Counts{New: 1, Content: 1, Unchanged: 6}, r.Counts); diff != "" {
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
			p.dest.State.List(t.Context(), "releases/", func(i deploy.Info) error { manifests++; return nil }),
			p.dest.Keeper().List(t.Context(), p.dest.KeptPrefix, func(i deploy.Info) error { contents++; return nil }),
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

func TestManifestsThatTheCDNIsToBeToldOfAreKept(t *testing.T) {
	dest := fake(t, &fakes3.Server{})
	for i := range 20 {
		o := options(small().with("news/index.html", fmt.Sprintf("edition %d", i)).write(t))
		o.KeepReleases = 2
		if _, err := engine.Run(t.Context(), dest, o); err != nil {
			t.Fatal(err)
		}
		if i == 4 {
			if err := history.WritePurged(t.Context(), dest.State, history.Purged{Manifest: 5}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for sequence := int64(1); sequence <= 20; sequence++ {
		_, err := history.ReadManifest(t.Context(), dest.State, history.ManifestKey(sequence), "www")
		if kept := err == nil; kept != (sequence >= 5) {
			t.Errorf("manifest %d: %v", sequence, err)
		}
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
