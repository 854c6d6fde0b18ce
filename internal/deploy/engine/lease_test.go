package engine_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
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

// slowSite lets one page take this long, so that the lease has to be renewed, and
// asks what becomes of each write of the head, which are counted from 1.
func slowSite(page time.Duration, head func(n int) *fakes3.Fault) *fakes3.Server {
	heads := 0
	return &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		switch {
		case r.Method != http.MethodPut:
		case strings.HasSuffix(r.URL.Path, "/news/index.html"):
			select {
			case <-time.After(page):
			case <-r.Context().Done():
			}
		case strings.HasSuffix(r.URL.Path, "/"+history.HeadKey):
			heads++
			return head(heads)
		}
		return nil
	}}
}

func TestARenewalWhoseAnswerIsLostIsNotTakenForAnotherDeploys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := time.Time{}
		dest := fake(t, slowSite(30*time.Second, func(n int) *fakes3.Fault {
			switch {
			case n == 2: // the first renewal arrives, and nobody hears of it
				broken = time.Now().Add(10 * time.Second)
				return &fakes3.Fault{Drop: true, Done: true}
			case time.Now().Before(broken):
				return &fakes3.Fault{Drop: true}
			}
			return nil
		}))
		o := options(small().write(t))
		o.LeaseTTL = time.Minute
		r, err := engine.Run(t.Context(), dest, o)
		if err != nil || !r.Live || len(r.Warnings) > 0 {
			t.Fatalf("live %v, warnings %q, %v", r.Live, r.Warnings, err)
		}
		head, err := history.ReadHead(t.Context(), dest.State, "www")
		if err != nil || head.Lease != nil || head.Live == nil || len(head.History) != 0 {
			t.Fatalf("%+v, %v", head, err)
		}
	})
}

func TestALeaseThatCanNotBeRenewedEndsTheDeployAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := true
		server := slowSite(2*time.Minute, func(n int) *fakes3.Fault {
			if n > 1 && dead {
				return &fakes3.Fault{Drop: true}
			}
			return nil
		})
		dest := fake(t, server)
		o := options(small().write(t))
		o.LeaseTTL = time.Minute
		began := time.Now()
		_, err := engine.Run(t.Context(), dest, o)
		if !errors.Is(err, manifest.ErrLeaseLost) {
			t.Fatalf("got %v", err)
		}
		for _, want := range []string{"could not be renewed in time", "check the network", "deploy again", "the last try"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v\ndoes not say %q", err, want)
			}
		}
		if after := time.Since(began); after > time.Minute {
			t.Errorf("it stopped after %s, when its lease was over", after)
		}
		dead = false
		o.LockWait = 2 * time.Minute
		if r, err := engine.Run(t.Context(), dest, o); err != nil || !r.Live {
			t.Fatalf("the next deploy: %v", err)
		}
	})
}

// The write that makes the release live and gives the lease back has arrived, its
// answer is lost, and reading it back fails once: nobody has taken over.
func TestACommitThatCanNotBeReadBackAtOnceIsNotTakenForAnotherDeploys(t *testing.T) {
	var committing atomic.Bool
	var written, read bool
	dest := fake(t, &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		switch head := strings.HasSuffix(r.URL.Path, "/"+history.HeadKey); {
		case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/"+manifest.MarkerPath):
			committing.Store(true)
		case head && committing.Load() && r.Method == http.MethodPut && !written:
			written = true
			return &fakes3.Fault{Drop: true, Done: true}
		case head && written && r.Method == http.MethodGet && !read:
			read = true
			return &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
		}
		return nil
	}})
	r, err := engine.Run(t.Context(), dest, options(small().write(t)))
	if err != nil || !r.Live || !read {
		t.Fatalf("live %t, read %t, %v", r.Live, read, err)
	}
	head, err := history.ReadHead(t.Context(), dest.State, "www")
	if err != nil || head.Live == nil || len(head.History) > 0 || head.Lease != nil {
		t.Errorf("%+v, %v", head, err)
	}
}

// The store counts a lease from when it took the renewal, not from when the deploy
// found out that it had: no write may be on its way when another deploy may begin.
func TestARenewalThatIsFoundOutLateCountsFromWhenItWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl = time.Minute
		began := time.Now()
		var taken, stopped time.Duration // the last write of the head that arrived, and the end of the page's
		found := false
		server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
			at := time.Since(began)
			switch head := strings.HasSuffix(r.URL.Path, "/"+history.HeadKey); {
			case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/news/index.html"):
				<-r.Context().Done()
				stopped = time.Since(began)
			case !head || at == 0:
			case r.Method == http.MethodPut && taken == 0:
				taken = at
				return &fakes3.Fault{Drop: true, Done: true}
			case r.Method == http.MethodGet && at > 45*time.Second && !found:
				found = true
			case r.Method == http.MethodPut && at > 45*time.Second && !found:
				return nil // refused, since the first has arrived
			default:
				return &fakes3.Fault{Drop: true}
			}
			return nil
		}}
		o := options(small().write(t))
		o.LeaseTTL = ttl
		_, err := engine.Run(t.Context(), fakeTrying(t, server, 1), o)
		if !errors.Is(err, manifest.ErrLeaseLost) || !found {
			t.Fatalf("found %t, %v", found, err)
		}
		if stopped > taken+ttl {
			t.Errorf("a write was given up after %s; another deploy may begin after %s", stopped, taken+ttl)
		}
	})
}

// The same of the write that takes the lease, which a store may be slow to answer.
func TestALeaseThatIsSlowToTakeCountsFromWhenItWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const ttl, slow = time.Minute, 20 * time.Second
		began := time.Now()
		var stopped time.Duration
		server := &fakes3.Server{}
		server.Before = func(r *http.Request) *fakes3.Fault {
			switch head := strings.HasSuffix(r.URL.Path, "/"+history.HeadKey); {
			case r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/news/index.html"):
				<-r.Context().Done()
				stopped = time.Since(began)
			case head && r.Method == http.MethodPut && time.Since(began) == 0:
				time.Sleep(slow)
			case head && r.Method == http.MethodPut:
				return &fakes3.Fault{Drop: true}
			}
			return nil
		}
		o := options(small().write(t))
		o.LeaseTTL = ttl
		if _, err := engine.Run(t.Context(), fakeTrying(t, server, 1), o); !errors.Is(err, manifest.ErrLeaseLost) {
			t.Fatal(err)
		}
		if stopped > ttl {
			t.Errorf("a write was given up after %s; a store that had taken the lease at once gives it to another after %s", stopped, ttl)
		}
	})
}

// A store that refuses each write of the head, whatever its condition, keeps no
// deploy waiting for ever, and is named.
func TestAHeadThatCanNeverBeSwappedIsSaid(t *testing.T) {
	for name, wait := range map[string]time.Duration{"waits for others": 2 * time.Minute, "does not wait": -1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithTimeout(t.Context(), time.Hour)
				defer stop()
				dest := fake(t, slowSite(0, func(int) *fakes3.Fault {
					return &fakes3.Fault{Status: http.StatusPreconditionFailed, Code: "PreconditionFailed"}
				}))
				o := options(small().write(t))
				o.LockWait = wait
				_, err := engine.Run(ctx, dest, o)
				if err == nil || !strings.Contains(err.Error(), "can't be swapped") || !strings.Contains(err.Error(), dest.State.String()) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

// Whoever has waited for another deploy says what it found then, not before.
func TestADeployThatWaitedTellsOfTheReleaseBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := 30 * time.Second
		server := slowSite(0, func(int) *fakes3.Fault { return nil })
		before := server.Before
		server.Before = func(r *http.Request) *fakes3.Fault {
			if strings.HasSuffix(r.URL.Path, "/about/index.html") {
				time.Sleep(slow)
				slow = 0
			}
			return before(r)
		}
		dest := fake(t, server)
		linked := small().with("news/index.html", `<a href="/gone/">gone</a>`)
		var group sync.WaitGroup
		group.Go(func() {
			o := options(linked.with("gone/index.html", "to go").write(t))
			o.LeaseTTL = time.Minute
			if _, err := engine.Run(t.Context(), dest, o); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(time.Second)
		o := options(linked.write(t))
		o.LockWait = 2 * time.Minute
		r, err := engine.Run(t.Context(), dest, o)
		if err != nil || r.FirstRelease || r.PreviousPages != 5 || r.Release != 2 || r.Parent != 1 || r.LostLinks == nil {
			t.Errorf("first %t, %d pages before, release %d after deploy %d, lost links %v, %v", r.FirstRelease, r.PreviousPages, r.Release, r.Parent, r.LostLinks, err)
		}
		group.Wait()
	})
}

// The wait for the lease of a deploy that died reads the head, and nothing that it
// has to read again afterwards: not the live manifest, and no page of the build.
func TestTheWaitForADeadDeploysLeaseReadsTheHeadOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dying, dead, counting atomic.Bool
		var heads, others atomic.Int64
		dest := fake(t, &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
			if dying.Load() && r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/about/index.html") {
				dead.Store(true)
			}
			switch {
			case dead.Load():
				return &fakes3.Fault{Drop: true}
			case !counting.Load() || r.Method != http.MethodGet:
			case strings.HasSuffix(r.URL.Path, "/"+history.HeadKey):
				heads.Add(1)
			default:
				others.Add(1)
			}
			return nil
		}})
		if _, err := engine.Run(t.Context(), dest, options(small().write(t))); err != nil {
			t.Fatal(err)
		}
		dying.Store(true)
		o := options(small().with("about/index.html", "changed").write(t))
		o.LeaseTTL = time.Minute
		if _, err := engine.Run(t.Context(), dest, o); err == nil {
			t.Fatal("the deploy lives")
		}
		dying.Store(false)
		dead.Store(false)
		counting.Store(true)
		o = options(small().with("about/index.html", "again").write(t))
		o.LeaseTTL, o.LockWait = time.Minute, 2*time.Minute
		waits := int64(0)
		o.Progress = func(e deploy.Event) {
			if e.Phase == "waiting for another deploy" {
				waits++
			}
		}
		if r, err := engine.Run(t.Context(), dest, o); err != nil || !r.Live {
			t.Fatalf("the next deploy: %v", err)
		}
		if waits < 5 || heads.Load() > waits+10 || others.Load() > 10 {
			t.Errorf("in %d seconds of waiting the head was read %d times, and other files %d times", waits, heads.Load(), others.Load())
		}
	})
}
