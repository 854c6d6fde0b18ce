package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
)

func TestDeploySendsOnlyWhatChanged(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		first := small()
		r := mustRun(t, p, options(first.write(t)))
		if diff := cmp.Diff(first, p.read(t)); diff != "" {
			t.Fatalf("first release (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(plan.Counts{New: 8}, r.Counts); diff != "" || r.Uploaded != 8 || r.Release != 1 || !r.FirstRelease {
			t.Fatalf("first release: %s uploaded %d, release %d", diff, r.Uploaded, r.Release)
		}

		r = mustRun(t, p, options(first.write(t)))
		if diff := cmp.Diff(plan.Counts{Unchanged: 8}, r.Counts); diff != "" || r.Uploaded != 0 || r.UploadedBytes != 0 {
			t.Fatalf("same build, all mtimes new: %s", diff)
		}

		edited := first.with("news/index.html", "newS")
		r = mustRun(t, p, options(edited.write(t)))
		if diff := cmp.Diff(plan.Counts{Content: 1, Unchanged: 7}, r.Counts); diff != "" || r.Uploaded != 1 || r.UploadedBytes != 4 {
			t.Fatalf("one page edited, same size: %s", diff)
		}

		fewer := edited.with("news/index.html", "")
		r = mustRun(t, p, options(fewer.write(t)))
		if diff := cmp.Diff(plan.Counts{Gone: 1, Unchanged: 7}, r.Counts); diff != "" || r.Uploaded != 0 || r.Deleted != 1 {
			t.Fatalf("one page removed: %s deleted %d", diff, r.Deleted)
		}
		if diff := cmp.Diff(fewer, p.read(t)); diff != "" {
			t.Fatalf("after the removal (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]plan.Change{{Path: "news/index.html", Reason: plan.ReasonGone}}, r.Changed); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestDroppedAssetsStayForTheirGraceTime(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		o := func(s site) engine.Options {
			o := options(s.write(t))
			o.Grace = &manifest.Grace{Days: 30, Releases: 2}
			o.Now = func() time.Time { return now }
			return o
		}
		const asset = "assets/app-BxK3a9_z.js"
		mustRun(t, p, o(small()))
		without := small().with(asset, "")
		r := mustRun(t, p, o(without))
		if r.Counts.Retired != 1 || r.Deleted != 0 || p.read(t)[asset] == "" {
			t.Fatalf("a dropped asset went at once: %+v", r.Counts)
		}
		now = now.Add(29 * 24 * time.Hour)
		mustRun(t, p, o(without))
		mustRun(t, p, o(without))
		if p.read(t)[asset] == "" {
			t.Fatal("the asset went after 29 days")
		}
		now = now.Add(2 * 24 * time.Hour)
		if r := mustRun(t, p, o(without)); r.Counts.Expired != 1 || r.Deleted != 1 {
			t.Fatalf("after 31 days and 3 releases: %+v", r.Counts)
		}
		if _, ok := p.read(t)[asset]; ok {
			t.Fatal("the asset is still there")
		}
	})
}

func TestAnAssetThatReturnsIsNotSentAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		const asset = "assets/app-BxK3a9_z.js"
		mustRun(t, p, options(small().write(t)))
		mustRun(t, p, options(small().with(asset, "").write(t)))
		r := mustRun(t, p, options(small().write(t)))
		if r.Uploaded != 0 || r.Counts.Unchanged != 8 {
			t.Fatalf("%+v", r.Counts)
		}
	})
}

func TestStrangersFilesAreNeverTouched(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		p.put(t, "stranger.html", "theirs")
		mustRun(t, p, options(small().write(t)))
		mustRun(t, p, options(small().with("news/index.html", "").write(t)))
		if got := p.read(t)["stranger.html"]; got != "theirs" {
			t.Fatalf("a file that is not ours became %q", got)
		}
		with := small().with("stranger.html", "ours").with("news/index.html", "")
		_, err := engine.Run(t.Context(), p.dest, options(with.write(t)))
		var g *guard.Error
		if !errors.As(err, &g) || !slices.Equal(g.Names(), []string{guard.ForeignFiles}) {
			t.Fatalf("overwriting a stranger's file: %v", err)
		}
		if got := p.read(t)["stranger.html"]; got != "theirs" {
			t.Fatalf("a file that is not ours became %q", got)
		}
		o := options(with.write(t))
		o.Allow = []string{guard.ForeignFiles}
		mustRun(t, p, o)
		if got := p.read(t)["stranger.html"]; got != "ours" {
			t.Fatalf("let pass, it is %q", got)
		}
	})
}

func TestWhatIsThereAlreadyIsAdopted(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		for name, body := range small() {
			p.put(t, name, body)
		}
		p.put(t, "stranger.html", "theirs")
		r := mustRun(t, p, options(small().write(t)))
		if r.Uploaded != 0 || r.Counts.Headers+r.Counts.Unchanged != 8 {
			t.Fatalf("the first deploy over the same files sent %d: %+v", r.Uploaded, r.Counts)
		}
		r = mustRun(t, p, options(small().with("news/index.html", "").write(t)))
		if r.Deleted != 1 || p.read(t)["stranger.html"] != "theirs" {
			t.Fatalf("what was adopted is ours, what was not is not: %+v", r.Counts)
		}
	})
}

func TestDryRunWritesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		o := options(small().write(t))
		o.DryRun = true
		r, err := engine.Run(t.Context(), p.dest, o)
		if err != nil {
			t.Fatal(err)
		}
		if r.Counts.New != 8 || r.Uploaded != 8 || r.Live {
			t.Fatalf("%+v", r)
		}
		if got := p.read(t); len(got) != 0 {
			t.Fatalf("a dry run wrote %v", got)
		}
	})
}

func TestTheMarkerNamesTheRelease(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		o := options(small().write(t))
		o.Release, o.Commit = 128, "abc"
		mustRun(t, p, o)
		object, err := p.dest.Site.Get(t.Context(), manifest.MarkerPath)
		if err != nil {
			t.Fatal(err)
		}
		var m manifest.Marker
		if err := json.Unmarshal(object.Body, &m); err != nil {
			t.Fatal(err)
		}
		if m.Release != 128 || m.Site != "www" || m.Commit != "abc" || m.At.IsZero() {
			t.Fatalf("%+v", m)
		}
	})
}

func TestLargeFilesGoInParts(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		big := small().with("files/big.zip", strings.Repeat("0123456789abcdef", 20<<16))
		mustRun(t, p, options(big.write(t)))
		if got := p.read(t)["files/big.zip"]; got != big["files/big.zip"] {
			t.Fatalf("%d bytes arrived", len(got))
		}
		if r := mustRun(t, p, options(big.write(t))); r.Uploaded != 0 {
			t.Fatalf("%+v", r.Counts)
		}
	})
}

func ExampleRun() {
	ctx := context.Background()
	home, _ := os.MkdirTemp("", "pressrun")
	defer func() { _ = os.RemoveAll(home) }()
	build := filepath.Join(home, "build")
	_ = os.Mkdir(build, 0o755)
	_ = os.WriteFile(filepath.Join(build, "index.html"), []byte("<h1>Hello</h1>"), 0o644)

	dest, err := destination.Open(ctx, "file://"+filepath.Join(home, "www"), destination.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := engine.Run(ctx, dest, engine.Options{Source: build, Site: "www", Release: 128})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("release %d is live: %d new, %d changed, %d deleted\n", result.Release, result.Counts.New, result.Counts.Content, result.Deleted)
	// Output: release 128 is live: 1 new, 0 changed, 0 deleted
}

func TestTheBuildsOwnHeaderRulesAreUsedAndNotPublished(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		t.Helper()
		s := small()
		s["_headers"] = "/news/*\n  Cache-Control: no-store\n  X-Frame-Options: DENY\n"
		r, err := engine.Run(t.Context(), p.dest, options(s.write(t)))
		if err != nil || len(r.Warnings) != 1 || r.Files != 8 {
			t.Fatalf("%v %q, %d files", err, r.Warnings, r.Files)
		}
		if diff := cmp.Diff(small(), p.read(t)); diff != "" {
			t.Fatal(diff)
		}
		info, err := p.dest.Site.Stat(t.Context(), "news/index.html")
		if err != nil || (info.Headers != "" && info.Headers.Get("cache-control") != "no-store") {
			t.Fatalf("%q, %v", info.Headers, err)
		}
		// Without the file, only the header of that page changes.
		r = mustRun(t, p, options(small().write(t)))
		if diff := cmp.Diff(plan.Counts{Headers: 1, Unchanged: 7}, r.Counts); diff != "" || r.Uploaded != 0 {
			t.Fatal(diff)
		}
	})
}
