package engine_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/fakes3"
)

// tagged is a deploy of the same build, of which one page has a header of its own.
func tagged(t *testing.T, value string) engine.Options {
	t.Helper()
	o := options(small().write(t))
	if value != "" {
		o.Rules = deploy.Rules{Headers: []deploy.HeaderRule{{Match: "news/*", Set: map[string]string{"x-amz-meta-a": value}}}}
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
		if dies.Load() && r.Method == http.MethodPut && r.URL.Path == "/b/"+deploy.MarkerPath {
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
