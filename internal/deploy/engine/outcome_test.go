package engine_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/test/fakes3"
)

// atTheCommit asks what becomes of each request for the head from the one on that
// makes a release live, counted from 1.
func atTheCommit(fault func(n int, r *http.Request) *fakes3.Fault) *fakes3.Server {
	var committing atomic.Bool
	var n atomic.Int32
	return &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		switch {
		case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/"+manifest.MarkerPath):
			committing.Store(true)
		case committing.Load() && strings.HasSuffix(r.URL.Path, "/"+history.HeadKey):
			return fault(int(n.Add(1)), r)
		}
		return nil
	}}
}

// Whatever becomes of the request that makes a release live, the deploy says what
// visitors would: it is, it is not, or nobody can know yet.
func TestTheOutcomeOfACommitIsNeverALie(t *testing.T) {
	lost := func(n int) func(int, *http.Request) *fakes3.Fault { // arrives; and this many answers are lost
		return func(i int, _ *http.Request) *fakes3.Fault {
			if i <= n {
				return &fakes3.Fault{Drop: true, Done: i == 1}
			}
			return nil
		}
	}
	builds := map[string]site{
		"with nothing to delete": small().with("news/index.html", "new"),
		"with a page to delete":  small().with("news/index.html", ""),
	}
	for name, c := range map[string]struct {
		fault          func(int, *http.Request) *fakes3.Fault
		live, recorded bool   // what the deploy says, and what is so
		says           string // as a warning, or as the error when it is not live
	}{
		"answered":                  {func(int, *http.Request) *fakes3.Fault { return nil }, true, true, ""},
		"arrived, answer lost":      {lost(1), true, true, "answer was lost"},
		"never arrived":             {func(i int, _ *http.Request) *fakes3.Fault { return dropped(i == 1) }, false, false, "head"},
		"arrived, then all is dead": {lost(1e9), false, true, "the release may be live"},
	} {
		for kind, build := range builds {
			t.Run(name+", "+kind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					server := atTheCommit(c.fault)
					before := server.Before
					server.Before = nil
					dest := fakeTrying(t, server, 1)
					if _, err := engine.Run(t.Context(), dest, options(small().write(t))); err != nil {
						t.Fatal(err)
					}
					server.Before = before
					r, err := engine.Run(t.Context(), dest, options(build.write(t)))
					server.Before = nil
					said := strings.Join(r.Warnings, "; ")
					if err != nil {
						said = err.Error()
					}
					if r.Live != c.live || (err == nil) != c.live || !strings.Contains(said, c.says) || (c.says == "") != (said == "") {
						t.Errorf("live %t, warnings %q, %v", r.Live, r.Warnings, err)
					}
					head, err := history.ReadHead(t.Context(), dest.State, "www")
					if err != nil || (head.Live.Release == 2) != c.recorded {
						t.Errorf("release %d is recorded, %v", head.Live.Release, err)
					}
				})
			})
		}
	}
}

func dropped(yes bool) *fakes3.Fault {
	if yes {
		return &fakes3.Fault{Drop: true}
	}
	return nil
}

// Complete is the point of no return: what is live is a success, also when the
// lease can't be given back.
func TestALeaseThatCanNotBeGivenBackDoesNotFailALiveRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := atTheCommit(func(n int, _ *http.Request) *fakes3.Fault { return dropped(n > 1) })
		before := server.Before
		server.Before = nil
		dest := fakeTrying(t, server, 1)
		if _, err := engine.Run(t.Context(), dest, options(small().write(t))); err != nil {
			t.Fatal(err)
		}
		server.Before = before
		r, err := engine.Run(t.Context(), dest, options(small().with("news/index.html", "").write(t)))
		if err != nil || !r.Live || r.Deleted != 1 {
			t.Fatalf("live %t, %d deleted, %v", r.Live, r.Deleted, err)
		}
		told := slices.DeleteFunc(slices.Clone(r.Warnings), func(w string) bool { return !strings.Contains(w, "given back") })
		if len(told) != 1 {
			t.Errorf("warnings %q", r.Warnings)
		}
	})
}

// A store that is overloaded for a while at the very end costs no deploy a warning.
func TestALeaseIsGivenBackToAStoreThatIsBusyForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := atTheCommit(func(n int, _ *http.Request) *fakes3.Fault {
			if n == 1 || n > 5 {
				return nil
			}
			time.Sleep(4 * time.Second)
			return &fakes3.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
		})
		before := server.Before
		server.Before = nil
		dest := fake(t, server)
		if _, err := engine.Run(t.Context(), dest, options(small().write(t))); err != nil {
			t.Fatal(err)
		}
		server.Before = before
		o := options(small().with("news/index.html", "").write(t))
		o.LeaseTTL = time.Minute
		r, err := engine.Run(t.Context(), dest, o)
		if err != nil || len(r.Warnings) > 0 {
			t.Fatalf("warnings %q, %v", r.Warnings, err)
		}
		head, err := history.ReadHead(t.Context(), dest.State, "www")
		if err != nil || head.Lease != nil {
			t.Errorf("the lease is %+v, %v", head.Lease, err)
		}
	})
}

// A deploy that is stopped while the CDN is told is live, and leaves no lease that
// it says is left.
func TestALiveDeployThatIsStoppedGivesItsLeaseBack(t *testing.T) {
	server := &fakes3.Server{}
	dest := fake(t, server)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	o := options(small().write(t))
	o.Invalidate = func(ctx context.Context, _ deploy.Result) error {
		stop()
		return context.Cause(ctx)
	}
	r, err := engine.Run(ctx, dest, o)
	if err != nil || !r.Live {
		t.Fatalf("live %t, %v", r.Live, err)
	}
	head, err := history.ReadHead(t.Context(), dest.State, "www")
	if err != nil || head.Lease != nil || strings.Contains(strings.Join(r.Warnings, " "), "given back") {
		t.Errorf("%+v, %v, warnings %q", head, err, r.Warnings)
	}
}
