package engine_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

var gzipped = rules.Rules{Compress: []rules.CompressRule{{Match: "**", Encoding: "gzip"}}}

func TestTextIsStoredCompressedAndKnownAgain(t *testing.T) {
	b := newBucket(t)
	r := mustRun(t, b.place, compressed(t, wordy()))
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff(map[string]int{"gzip": 22, "": 2}, b.encodings()); diff != "" {
		t.Error(diff)
	}
	if r.Compressed == nil || r.Compressed.Files != 22 || r.Compressed.Stored*5 > r.Compressed.Built || r.UploadedBytes >= r.Bytes || packed(r) != 23 {
		t.Errorf("%+v, %d of %d bytes sent, %d compressed", r.Compressed, r.UploadedBytes, r.Bytes, packed(r))
	}
	r = mustRun(t, b.place, compressed(t, wordy()))
	if r.Requests != 5 || packed(r) != 0 || r.Compressed.Files != 22 {
		t.Errorf("an unchanged build: %d requests, %d compressed, %+v", r.Requests, packed(r), r.Compressed)
	}
	changed := wordy().with("p03.html", page("other")).with("p04.html", "")
	r = mustRun(t, b.place, compressed(t, changed))
	if diff := cmp.Diff(plan.Counts{Content: 1, Gone: 1, Unchanged: 22}, r.Counts); diff != "" || packed(r) != 1 {
		t.Errorf("%d compressed\n%s", packed(r), diff)
	}
	if diff := cmp.Diff(changed, b.read(t)); diff != "" {
		t.Error(diff)
	}
	audit, err := audit.Run(t.Context(), b.dest, "www")
	if err != nil || !audit.Clean() || len(audit.Foreign) != 0 {
		t.Errorf("audit: %+v, %v", audit, err)
	}
}

func TestARealStoreServesWhatWasCompressed(t *testing.T) {
	p := places(t)["versitygw"](t)
	mustRun(t, p, compressed(t, wordy()))
	for path, want := range wordy() {
		o, err := p.dest.Site.Get(t.Context(), path)
		info, statErr := p.dest.Site.Stat(t.Context(), path)
		if err := errors.Join(err, statErr); err != nil {
			t.Fatal(err)
		}
		encoding := info.Headers.Get("content-encoding")
		if wantEncoding := map[bool]string{true: "gzip"}[len(want) > 1 && path != "img/a.png"]; encoding != wantEncoding {
			t.Errorf("%s is served as %q", path, encoding)
		}
		if got := browse(t, path, o.Body, encoding); got != want {
			t.Errorf("%s is %d bytes, want %d", path, len(got), len(want))
		}
	}
	if r := mustRun(t, p, compressed(t, wordy())); r.Counts.Unchanged != len(wordy()) {
		t.Errorf("again: %+v", r.Counts)
	}
}

func TestCompressionCanBeTurnedOnAndOff(t *testing.T) {
	b := newBucket(t)
	build := wordy().write(t)
	on, off := options(build), options(build)
	on.Rules = gzipped
	mustRun(t, b.place, off)
	for i, o := range []engine.Options{on, off, on} {
		r := mustRun(t, b.place, o)
		if diff := cmp.Diff(plan.Counts{Content: 22, Unchanged: 2}, r.Counts); diff != "" {
			t.Errorf("change %d: %s", i, diff)
		}
		if diff := cmp.Diff(wordy(), b.read(t)); diff != "" {
			t.Errorf("change %d: %s", i, diff)
		}
	}
}

func TestAFolderKeepsFilesPlain(t *testing.T) {
	p := places(t)["folder"](t)
	r, err := engine.Run(t.Context(), p.dest, compressed(t, wordy()))
	if err != nil || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0], "its web server has to compress") {
		t.Errorf("%q, %v", r.Warnings, err)
	}
	if diff := cmp.Diff(wordy(), p.read(t)); diff != "" {
		t.Error(diff)
	}
}

func TestRollbackPutsCompressedFilesBack(t *testing.T) {
	b := newBucket(t)
	second := wordy().with("p01.html", page("second")).with("p02.html", "")
	mustRun(t, b.place, options(wordy().write(t))) // plain
	mustRun(t, b.place, compressed(t, wordy()))
	mustRun(t, b.place, compressed(t, second))
	for _, c := range []struct {
		release int64
		want    site
		gzip    int
	}{{2, wordy(), 22}, {1, wordy(), 0}, {3, second, 21}} {
		r, err := engine.Rollback(t.Context(), b.dest, c.release, options(""))
		if err != nil || r.Uploaded != 0 {
			t.Fatalf("to release %d: %d sent, %v", c.release, r.Uploaded, err)
		}
		if diff := cmp.Diff(c.want, b.read(t)); diff != "" || b.encodings()["gzip"] != c.gzip {
			t.Errorf("release %d: %v\n%s", c.release, b.encodings(), diff)
		}
	}
	if r := mustRun(t, b.place, compressed(t, second)); r.Uploaded != 0 || packed(r) != 0 {
		t.Errorf("a deploy of what was put back: %d sent, %d compressed", r.Uploaded, packed(r))
	}
}

// planOf is what a deploy would do.
func planOf(t *testing.T, b bucket, o engine.Options) deploy.Result {
	t.Helper()
	o.DryRun = true
	planned, err := engine.Run(t.Context(), b.dest, o)
	if err != nil {
		t.Fatal(err)
	}
	return planned
}

func TestShardsSendCompressedContent(t *testing.T) {
	b := newBucket(t)
	o := compressed(t, wordy())
	planned := planOf(t, b, o)
	encoded, err := planned.Next.Encode() // as a plan's file has it
	if err != nil {
		t.Fatal(err)
	}
	next, err := manifest.Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	plan := engine.Sharded{Next: next, Parent: planned.Parent, Shards: 3, Changed: planned.All}
	for shard := 1; shard <= plan.Shards; shard++ {
		if _, err := engine.Stage(t.Context(), b.dest, plan, shard, o); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := engine.Commit(t.Context(), b.dest, plan, options("")); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" || b.encodings()["gzip"] != 22 {
		t.Errorf("%v\n%s", b.encodings(), diff)
	}
	if r := mustRun(t, b.place, o); r.Counts.Unchanged != 24 || packed(r) != 0 {
		t.Errorf("a deploy of the same build: %+v, %d compressed", r.Counts, packed(r))
	}
}

func TestAShardOfAnotherCompressorIsRefused(t *testing.T) {
	b := newBucket(t)
	o := compressed(t, wordy())
	planned := planOf(t, b, o)
	e := &planned.Next.Entries[slices.IndexFunc(planned.Next.Entries, func(e manifest.Entry) bool { return e.Compressed() })]
	e.Sum[31] ^= 1
	plan := engine.Sharded{Next: planned.Next, Parent: planned.Parent, Shards: 1, Changed: planned.All}
	if _, err := engine.Stage(t.Context(), b.dest, plan, 1, o); !errors.Is(err, engine.ErrPlanMoved) || !strings.Contains(err.Error(), "use one version of Pressrun") {
		t.Error(err)
	}
}
