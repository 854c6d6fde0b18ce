// Package deploy_test is the drill of the deploy engine: a deploy is stopped at
// every single request, in every way, and a visitor looks at the site after
// each change that reached the store.
//
//	go test ./test/drill/deploy -v -run 'TestCutPoints|TestRaces' -drill.all
//
// Without -drill.all only some of the cut points are tried.
package deploy_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/test/fakes3"
)

var (
	all      = flag.Bool("drill.all", false, "stop the deploy at every request, not only at some")
	sitePage = flag.Int("drill.pages", 0, "pages of the site (default 200 with -drill.all, else 40)")
)

func options(b build) engine.Options {
	return engine.Options{Source: b.dir, Site: "www", LockWait: 10 * time.Minute, Concurrency: 8}
}

// kind is one way in which a deploy goes wrong at request k.
type kind struct {
	name string
	// survives says that the deploy itself must succeed all the same.
	survives bool
	fault    func(k, n int64, r *http.Request) *fakes3.Fault
}

// isConditional tells the requests that S3 may answer with 409.
func isConditional(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Header.Get("If-Match")+r.Header.Get("If-None-Match") != ""
}

var kinds = []kind{
	{"killed before the request", false, func(k, n int64, _ *http.Request) *fakes3.Fault {
		if n >= k {
			return &fakes3.Fault{Drop: true}
		}
		return nil
	}},
	{"killed after the request", false, func(k, n int64, _ *http.Request) *fakes3.Fault {
		if n >= k {
			return &fakes3.Fault{Drop: true, Done: n == k}
		}
		return nil
	}},
	{"the answer was lost", true, func(k, n int64, _ *http.Request) *fakes3.Fault {
		if n == k {
			return &fakes3.Fault{Drop: true, Done: true}
		}
		return nil
	}},
	{"the answer broke off", true, func(k, n int64, _ *http.Request) *fakes3.Fault {
		if n == k {
			return &fakes3.Fault{Half: true}
		}
		return nil
	}},
	{"a burst of 503", true, func(k, n int64, _ *http.Request) *fakes3.Fault {
		if n >= k && n < k+6 {
			return &fakes3.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
		}
		return nil
	}},
	{"a conflict, 409", true, func(k, n int64, r *http.Request) *fakes3.Fault {
		if n == k && isConditional(r) && !strings.HasSuffix(r.URL.Path, "/head") {
			return &fakes3.Fault{Status: http.StatusConflict, Code: "ConditionalRequestConflict"}
		}
		return nil
	}},
	{"the credentials expired", false, func(k, n int64, _ *http.Request) *fakes3.Fault {
		if n >= k {
			return &fakes3.Fault{Status: http.StatusForbidden, Code: "ExpiredToken"}
		}
		return nil
	}},
}

// tally adds up what the drill saw.
type tally struct {
	mu                       sync.Mutex
	cuts, torn, unrecovered  int
	astray                   int // redirects that led nowhere, and pages that were away for a while
	resent                   int64
	survivorsFailed, recover int
}

func (s *tally) print() {
	fmt.Printf("deploy drill: cut_points=%d torn=%d astray=%d unrecovered=%d resent_bytes=%d survivors_failed=%d recovered=%d\n",
		s.cuts, s.torn, s.astray, s.unrecovered, s.resent, s.survivorsFailed, s.recover)
}

func TestCutPoints(t *testing.T) {
	pages := *sitePage
	if pages == 0 {
		pages = fewPages
		if *all {
			pages = 200
		}
	}
	v1, v2, v3 := makeBuild(t, pages, 1), makeBuild(t, pages, 2), makeBuild(t, pages, 3)
	sum := &tally{}
	defer sum.print()
	synctest.Test(t, func(t *testing.T) {
		server := &fakes3.Server{}
		server.Bucket(bucket, map[string]fakes3.Object{"other/stranger.html": {Body: []byte("theirs"), ETag: `"x"`}})
		server.Changed = visit(t, sum, v1, v2, v3).look
		first := &door{server: server}
		if _, err := engine.Run(t.Context(), first.open(t), options(v1)); err != nil {
			t.Fatal(err)
		}
		base := server.Objects(bucket)
		counting := &door{server: server}
		if _, err := engine.Run(t.Context(), counting.open(t), options(v2)); err != nil {
			t.Fatal(err)
		}
		requests := counting.number.Load()
		step := int64(17)
		if *all {
			step = 1
		}
		for _, kind := range kinds {
			for k := int64(1); k <= requests; k += step {
				next := v2
				if k%2 == 0 {
					next = v3 // the next build need not be the one that failed
				}
				server.Bucket(bucket, base)
				cut(t, sum, server, kind, k, v2, next)
			}
		}
	})
	if sum.torn+sum.astray+sum.unrecovered+sum.survivorsFailed > 0 || sum.resent > 0 || sum.recover == 0 {
		t.Fail()
	}
}

// cut runs one deploy that fails at request k, and the next one.
func cut(t *testing.T, sum *tally, server *fakes3.Server, kind kind, k int64, failing, next build) {
	t.Helper()
	sum.cuts++
	where := fmt.Sprintf("%s %d", kind.name, k)
	d := &door{server: server, fault: func(n int64, r *http.Request) *fakes3.Fault { return kind.fault(k, n, r) }}
	result, err := engine.Run(t.Context(), d.open(t), options(failing))
	if kind.survives {
		if err != nil || len(result.Warnings) > 0 {
			sum.survivorsFailed++
			t.Errorf("%s: %v %q", where, err, result.Warnings)
		}
		next = failing
	}
	if found := torn(server.Objects(bucket)); len(found) > 0 {
		sum.torn += len(found)
		t.Errorf("%s: torn: %v", where, found)
	}
	if found := astray(server.Objects(bucket)); len(found) > 0 {
		sum.astray += len(found)
		t.Errorf("%s: lead nowhere: %v", where, found)
	}
	if result.Live {
		if err := liveIs(server.Objects(bucket), failing); err != nil {
			sum.unrecovered++
			t.Errorf("%s: said to be live: %v", where, err)
		}
	}
	before := server.Resent()
	again := &door{server: server}
	if _, err := engine.Run(t.Context(), again.open(t), options(next)); err != nil {
		sum.unrecovered++
		t.Errorf("%s: the next deploy: %v", where, err)
		return
	}
	sum.resent += siteResent(server, before)
	objects := server.Objects(bucket)
	if err := holds(objects, next); err != nil {
		sum.unrecovered++
		t.Errorf("%s: after the next deploy: %v", where, err)
	}
	if _, ok := objects["other/stranger.html"]; !ok {
		t.Errorf("%s: a stranger's file is gone", where)
	}
	sum.recover++
}

func siteResent(server *fakes3.Server, before int64) int64 { return server.Resent() - before }

// liveIs tells whether every file of a build is served; pages to be deleted may
// still be there.
func liveIs(objects map[string]fakes3.Object, b build) error {
	got := served(objects)
	for name, want := range b.files {
		if got[name] != want {
			return fmt.Errorf("%s holds %q", name, got[name])
		}
	}
	return nil
}

// TestALostLeaseStopsBeforeTheNextWrite: a deploy is frozen at request k for so
// long that another takes over and finishes; then it goes on.
func TestALostLeaseStopsBeforeTheNextWrite(t *testing.T) {
	v1, v2, v3 := makeBuild(t, fewPages, 1), makeBuild(t, fewPages, 2), makeBuild(t, fewPages, 3)
	step := int64(13)
	if *all {
		step = 1
	}
	cuts, interleaved := 0, 0
	for k := int64(3); ; k += step {
		var reached atomic.Bool
		synctest.Test(t, func(t *testing.T) {
			server := &fakes3.Server{}
			server.Bucket(bucket, nil)
			server.Changed = visit(t, &tally{}, v1, v2, v3).look
			if _, err := engine.Run(t.Context(), (&door{server: server}).open(t), options(v1)); err != nil {
				t.Fatal(err)
			}
			frozen := &door{server: server}
			frozen.wait = func(n int64) {
				if n < k {
					return
				}
				reached.Store(true)
				// Every request of the frozen machine stands still, its clock
				// does not.
				time.Sleep(5 * time.Minute)
			}
			done := make(chan error, 1)
			live := false
			go func() {
				result, err := engine.Run(t.Context(), frozen.open(t), options(v2))
				live = result.Live
				done <- err
			}()
			synctest.Wait()
			if !reached.Load() {
				if err := <-done; err != nil {
					t.Fatal(err)
				}
				return
			}
			_, err := engine.Run(t.Context(), (&door{server: server}).open(t), options(v3))
			if err != nil {
				t.Fatalf("cut %d: taking over: %v", k, err)
			}
			// Once it has committed, all that it can still fail at is tidying up.
			if err := <-done; err == nil && !live {
				t.Errorf("cut %d: a deploy that lost its lease says that all is well", k)
			} else if err != nil && !errors.Is(err, manifest.ErrLeaseLost) && !errors.Is(err, context.Canceled) {
				t.Logf("cut %d: %v", k, err)
			}
			cuts++
			if err := holds(server.Objects(bucket), v3); err != nil {
				interleaved++
				t.Errorf("cut %d: %v", k, err)
			}
		})
		if !reached.Load() || t.Failed() {
			break
		}
	}
	fmt.Printf("lost leases: cut_points=%d interleaved=%d\n", cuts, interleaved)
	if cuts == 0 {
		t.Fatal("no cut point was tried")
	}
}
