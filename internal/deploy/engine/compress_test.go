package engine_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/test/fakes3"
)

// wordy is a build whose pages are worth compressing: 20 of them, a stylesheet, a
// picture, and a page that is too short.
func wordy() site {
	s := site{
		"index.html": page("home"), "short.html": "x", "assets/site-0a1b2c3d4e.css": strings.Repeat("a{color:red}\n", 200),
		"img/a.png": strings.Repeat("no text ", 200),
	}
	for i := range 20 {
		s[fmt.Sprintf("p%02d.html", i)] = page(fmt.Sprint("page ", i))
	}
	return s
}

func page(name string) string {
	return "<!doctype html><title>" + name + "</title>" + strings.Repeat("<p>so it is said in "+name+"</p>\n", 80)
}

var gzipped = deploy.Rules{Compress: []deploy.CompressRule{{Match: "**", Encoding: "gzip"}}}

func compressed(t *testing.T, s site) engine.Options {
	t.Helper()
	o := options(s.write(t))
	o.Rules = gzipped
	return o
}

// bucket is a fake store, and what visitors get from it.
type bucket struct {
	*fakes3.Server
	place
}

func newBucket(t *testing.T) bucket {
	t.Helper()
	server := &fakes3.Server{}
	b := bucket{Server: server, place: place{dest: fake(t, server)}}
	b.read = func(t *testing.T) site {
		t.Helper()
		found := site{}
		for key, o := range server.Objects("b") {
			if !deploy.Reserved(key, ".pressrun/") {
				found[key] = browse(t, key, o.Body, o.Header.Get("Content-Encoding"))
			}
		}
		return found
	}
	return b
}

func browse(t *testing.T, name string, body []byte, encoding string) string {
	t.Helper()
	if encoding == "" {
		return string(body)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if encoding != "gzip" || err != nil {
		t.Fatalf("%s is served as %q: %v", name, encoding, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(text)
}

func (b bucket) encodings() map[string]int {
	n := map[string]int{}
	for key, o := range b.Objects("b") {
		if !deploy.Reserved(key, ".pressrun/") {
			n[o.Header.Get("Content-Encoding")]++
		}
	}
	return n
}

// packed is how many files a deploy compressed.
func packed(r deploy.Result) int {
	for _, p := range r.Phases {
		if p.Name == "compress" {
			return p.Files
		}
	}
	return -1
}

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
	if diff := cmp.Diff(deploy.Counts{Content: 1, Gone: 1, Unchanged: 22}, r.Counts); diff != "" || packed(r) != 1 {
		t.Errorf("%d compressed\n%s", packed(r), diff)
	}
	if diff := cmp.Diff(changed, b.read(t)); diff != "" {
		t.Error(diff)
	}
	audit, err := engine.RunAudit(t.Context(), b.dest, "www")
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
		if diff := cmp.Diff(deploy.Counts{Content: 22, Unchanged: 2}, r.Counts); diff != "" {
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
	next, err := deploy.DecodeManifest(encoded)
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
	e := &planned.Next.Entries[slices.IndexFunc(planned.Next.Entries, func(e deploy.Entry) bool { return e.Compressed() })]
	e.Sum[31] ^= 1
	plan := engine.Sharded{Next: planned.Next, Parent: planned.Parent, Shards: 1, Changed: planned.All}
	if _, err := engine.Stage(t.Context(), b.dest, plan, 1, o); !errors.Is(err, engine.ErrPlanMoved) || !strings.Contains(err.Error(), "use one version of Pressrun") {
		t.Error(err)
	}
}

func TestWhatABucketHoldsIsAdoptedPlainOrCompressed(t *testing.T) {
	b := newBucket(t)
	mustRun(t, b.place, options(wordy().write(t)))
	forget(t, b)
	r := mustRun(t, b.place, compressed(t, wordy())) // plain files of our content: not foreign
	if diff := cmp.Diff(deploy.Counts{Content: 22, Unchanged: 2}, r.Counts); diff != "" {
		t.Error(diff)
	}
	forget(t, b)
	r = mustRun(t, b.place, compressed(t, wordy()))
	if r.Counts.Unchanged != 24 || r.Uploaded != 0 {
		t.Errorf("compressed files in the bucket: %+v", r.Counts)
	}
	forget(t, b)
	if _, err := engine.Run(t.Context(), b.dest, compressed(t, wordy().with("p01.html", page("others'")))); err == nil || !strings.Contains(err.Error(), deploy.GuardForeignFiles) {
		t.Errorf("another's page: %v", err)
	}
}

// forget loses the state.
func forget(t *testing.T, b bucket) {
	t.Helper()
	var dels []deploy.Deletion
	for key := range b.Objects("b") {
		if rest, ok := strings.CutPrefix(key, ".pressrun/"); ok {
			dels = append(dels, deploy.Deletion{Key: rest})
		}
	}
	if err := errors.Join(b.dest.State.Delete(t.Context(), dels)...); err != nil {
		t.Fatal(err)
	}
}

func TestChurnLooksIntoCompressedPages(t *testing.T) {
	b := newBucket(t)
	stamped := func(at string) site {
		s := wordy()
		for i := range 40 {
			s[fmt.Sprintf("q%02d.html", i)] = page("q") + "<!-- built " + at + " -->"
		}
		return s
	}
	mustRun(t, b.place, compressed(t, stamped("2026-03-01T10:00:00Z")))
	r := mustRun(t, b.place, compressed(t, stamped("2026-03-02T10:00:00Z")))
	if r.Churn == nil || r.Churn.Causes[deploy.CauseStamps] != deploy.ChurnSample {
		t.Errorf("%+v", r.Churn)
	}
}

func TestACompressedDeployThatDiesIsFinishedWithoutSendingTwice(t *testing.T) {
	b := newBucket(t)
	var puts atomic.Int64
	b.Before = func(r *http.Request) *fakes3.Fault {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/p") {
			if puts.Add(1) > 10 {
				return &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
			}
		}
		return nil
	}
	if _, err := engine.Run(t.Context(), b.dest, compressed(t, wordy())); err == nil {
		t.Fatal("the deploy did not die")
	}
	b.Before = nil
	mustRun(t, b.place, compressed(t, wordy()))
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" || b.Resent() != 0 {
		t.Errorf("%d bytes were sent twice\n%s", b.Resent(), diff)
	}
}

// upgrade makes the live release one that another version of the compressor wrote.
func upgrade(t *testing.T, b bucket, path string) {
	t.Helper()
	head, err := history.ReadHead(t.Context(), b.dest.State, "www")
	if err != nil {
		t.Fatal(err)
	}
	key := history.ManifestKey(head.Live.Manifest)
	m, err := history.ReadManifest(t.Context(), b.dest.State, key, "www")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(m.Entries, func(e deploy.Entry) bool { return e.Path == path })
	e := &m.Entries[i]
	var old bytes.Buffer
	z, err := gzip.NewWriterLevel(&old, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(wordy()[path])); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	put := deploy.SmallPut(path, e.Headers, old.Bytes(), deploy.Condition{})
	written, err := b.dest.Site.Put(t.Context(), put)
	if err != nil {
		t.Fatal(err)
	}
	e.Size, e.Sum, e.CRC, e.ETag = put.Size, put.Sum, put.CRC, written.ETag
	body, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.dest.State.Put(t.Context(), deploy.SmallPut(key, deploy.StateHeaders, body, deploy.Condition{})); err != nil {
		t.Fatal(err)
	}
}

func TestAnUpgradeOfTheCompressorSendsNothing(t *testing.T) {
	b := newBucket(t)
	build := wordy().write(t)
	o := options(build)
	o.Rules = gzipped
	o.Rules.Headers = []deploy.HeaderRule{{Match: "p07.html", Set: map[string]string{"x-amz-meta-a": "1"}}}
	mustRun(t, b.place, o)
	upgrade(t, b, "p07.html")
	if r := mustRun(t, b.place, o); r.Counts.Unchanged != 24 || r.Uploaded != 0 {
		t.Fatalf("%+v", r.Counts)
	}
	// A header that is taken away is the one case where an unchanged file is sent
	// again, and then as it is compressed now.
	o.Rules = gzipped
	r := mustRun(t, b.place, o)
	if diff := cmp.Diff(deploy.Counts{Headers: 1, Unchanged: 23}, r.Counts); diff != "" || r.Uploaded != 1 {
		t.Errorf("%d sent\n%s", r.Uploaded, diff)
	}
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" {
		t.Error(diff)
	}
	if audit, err := engine.RunAudit(t.Context(), b.dest, "www"); err != nil || !audit.Clean() {
		t.Errorf("%+v, %v", audit, err)
	}
	if r := mustRun(t, b.place, o); r.Counts.Unchanged != 24 {
		t.Errorf("and again: %+v", r.Counts)
	}
}

func TestACompressedFileThatSomebodyDeletedIsSentAgain(t *testing.T) {
	b := newBucket(t)
	o := compressed(t, wordy())
	mustRun(t, b.place, o)
	upgrade(t, b, "p07.html")
	if err := errors.Join(b.dest.Site.Delete(t.Context(), []deploy.Deletion{{Key: "p07.html"}})...); err != nil {
		t.Fatal(err)
	}
	o.Rules.Headers = []deploy.HeaderRule{{Match: "p07.html", Set: map[string]string{"x-amz-meta-a": "1"}}}
	mustRun(t, b.place, o) // a change of headers, by a copy of what is not there
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" {
		t.Error(diff)
	}
	if r := mustRun(t, b.place, o); r.Counts.Unchanged != 24 {
		t.Errorf("and again: %+v", r.Counts)
	}
}

func TestAPlanOfCompressedFilesIsCarriedOutAsLookedAt(t *testing.T) {
	b := newBucket(t)
	o := compressed(t, wordy())
	var last deploy.Event
	dry := o
	dry.DryRun = true
	dry.Progress = func(e deploy.Event) {
		if e.Phase == "compressing" {
			last = e
		}
	}
	looked, err := engine.Run(t.Context(), b.dest, dry)
	if err != nil || looked.UploadedBytes >= looked.Bytes || looked.Compressed.Files != 22 {
		t.Fatalf("%d of %d bytes would be sent, %v", looked.UploadedBytes, looked.Bytes, err)
	}
	if last.Done != 23 || last.Total != 23 || last.Bytes != last.TotalBytes || last.All != (deploy.Amount{}) {
		t.Errorf("progress ends with %+v", last)
	}
	o.Expect = &engine.Expect{Parent: looked.Parent, Digest: looked.PlanDigest}
	if r := mustRun(t, b.place, o); r.UploadedBytes != looked.UploadedBytes {
		t.Errorf("%d bytes sent, %d planned", r.UploadedBytes, looked.UploadedBytes)
	}
}
