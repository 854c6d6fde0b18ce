package engine_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/test/fakes3"
)

// tagged is a deploy of the same build, of which one page has a header of its own.
func tagged(t *testing.T, value string) engine.Options {
	t.Helper()
	o := options(small().write(t))
	if value != "" {
		o.Rules = rules.Rules{Headers: []rules.HeaderRule{{Match: "news/*", Set: map[string]string{"x-amz-meta-a": value}}}}
	}
	return o
}

func TestRollbackTakesAwayAHeaderThatALaterReleaseAdded(t *testing.T) {
	whereverContentIsKept(t, func(t *testing.T, p place) {
		t.Helper()
		mustRun(t, p, tagged(t, ""))
		mustRun(t, p, tagged(t, "1"))
		for release, want := range []string{"", "1", ""} {
			rollBack(t, p.dest, int64(release%2+1))
			info, err := p.dest.Site.Stat(t.Context(), "news/index.html")
			if got := info.Headers.Get("x-amz-meta-a"); err != nil || (info.Headers != "" && got != want) {
				t.Errorf("release %d: the header is %q, %v; want %q", release%2+1, got, err, want)
			}
			if diff := cmp.Diff(small(), p.read(t)); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// No ETag shows that a deploy which died had changed headers alone.
func TestHeadersThatADeployChangedWhichDiedAreChangedBack(t *testing.T) {
	var dies atomic.Bool
	dest := fake(t, &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		if dies.Load() && r.Method == http.MethodPut && r.URL.Path == "/b/"+manifest.MarkerPath {
			return &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
		}
		return nil
	}})
	for _, value := range []string{"1", "2", "1", "", "1"} {
		o := tagged(t, value)
		dies.Store(value != "1")
		if _, err := engine.Run(t.Context(), dest, o); (err != nil) != dies.Load() {
			t.Fatalf("with %q: %v", value, err)
		}
	}
	info, err := dest.Site.Stat(t.Context(), "news/index.html")
	if got := info.Headers.Get("x-amz-meta-a"); err != nil || got != "1" {
		t.Errorf("the header is %q, %v", got, err)
	}
}

// A store that can't change headers by a copy is sent the file again, and both the
// dry run and the progress know that beforehand.
func TestWhatIsSentAgainForItsHeadersIsForeseen(t *testing.T) {
	for name, lacks := range map[string]fakes3.Lacks{"nothing lacks": {}, "no copies": {Copy: true}, "no headers of copies": {CopyHeaders: true}} {
		t.Run(name, func(t *testing.T) {
			dest := fake(t, &fakes3.Server{Lacks: lacks})
			compressed := rules.CompressRule{Match: "**", Encoding: rules.EncodingGzip}
			first := tagged(t, "")
			first.Rules.Compress = append(first.Rules.Compress, compressed)
			if _, err := engine.Run(t.Context(), dest, first); err != nil {
				t.Fatal(err)
			}
			o := tagged(t, "1")
			o.Rules.Compress = append(o.Rules.Compress, compressed)
			o.DryRun = true
			foreseen, err := engine.Run(t.Context(), dest, o)
			if err != nil {
				t.Fatal(err)
			}
			o.DryRun = false
			var last deploy.Event
			o.Progress = func(e deploy.Event) { last = e }
			done, err := engine.Run(t.Context(), dest, o)
			if err != nil || done.Counts.Headers != 1 {
				t.Fatal(done.Counts, err)
			}
			want := 1
			if lacks == (fakes3.Lacks{}) {
				want = 0
			}
			if foreseen.Uploaded != want || done.Uploaded != want || foreseen.UploadedBytes != done.UploadedBytes || last.All.Bytes != last.All.TotalBytes {
				t.Errorf("foreseen: %d files, %d bytes; sent: %d files, %d bytes; progress %+v", foreseen.Uploaded, foreseen.UploadedBytes, done.Uploaded, done.UploadedBytes, last.All)
			}
		})
	}
}
