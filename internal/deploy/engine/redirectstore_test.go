package engine_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cdn/redirectkv"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakekvs"
	"github.com/pressrun/pressrun/test/fakes3"
)

// edge is a bucket behind a CDN whose function reads redirects from a store, as a
// visitor sees the two together.
type edge struct {
	t       *testing.T
	bucket  *fakes3.Server
	keys    *fakekvs.Server
	dest    store.Destination
	store   redirect.Store
	lasting []string // addresses that are never away

	mu      sync.Mutex
	objects map[string]bool // files that are there
	held    map[string]string
	leads   map[string]string // files that lead on, and where
	number  int               // of requests to both
	dies    int               // the request from which on nothing gets through; 0 for never
	gone    bool
	lost    int // addresses that led nowhere
}

func newEdge(t *testing.T) *edge {
	t.Helper()
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	return &edge{t: t}
}

// open makes the two anew; inside of a synctest bubble.
func (e *edge) open() {
	e.bucket = &fakes3.Server{
		Before: func(*http.Request) *fakes3.Fault {
			if e.dead() {
				return &fakes3.Fault{Status: http.StatusForbidden, Code: "ExpiredToken"}
			}
			return nil
		},
		Changed: func(objects map[string]fakes3.Object, key string) { e.looked(objects) },
	}
	e.keys = &fakekvs.Server{
		Before: func(*http.Request) *fakekvs.Fault {
			if e.dead() {
				return &fakekvs.Fault{Status: http.StatusForbidden, Code: "AccessDeniedException"}
			}
			return nil
		},
		Changed: func(keys map[string]string) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.held = maps.Clone(keys)
			e.follow("the store")
		},
	}
	e.objects, e.leads, e.held = map[string]bool{}, map[string]string{}, map[string]string{}
	e.keys.Set(map[string]string{"/theirs": "301 /index.html"})
	e.dest = fake(e.t, e.bucket)
	store, err := redirectkv.Open(e.t.Context(), redirectkv.Config{ARN: fakekvs.ARN, HTTPClient: e.keys, NoPropagation: true, Retry: cdn.RetryPolicy{Tries: 2, First: time.Millisecond, Max: time.Millisecond}})
	if err != nil {
		e.t.Fatal(err)
	}
	e.store = store
}

func (e *edge) dead() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.number++
	e.gone = e.gone || (e.dies > 0 && e.number >= e.dies)
	return e.gone
}

func (e *edge) looked(objects map[string]fakes3.Object) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.objects, e.leads = map[string]bool{}, map[string]string{}
	for key, o := range objects {
		e.objects[key] = true
		if to := o.Header.Get("X-Amz-Website-Redirect-Location"); to != "" {
			e.leads[key] = to
		}
	}
	e.follow("the bucket")
}

// follow opens every lasting address, and all that the store has keys for.
func (e *edge) follow(what string) {
	addresses := e.lasting
	if len(e.lasting) > 0 {
		for key, value := range e.held {
			if strings.HasSuffix(value, "pressrun:www") {
				addresses = append(addresses[:len(addresses):len(addresses)], key)
			}
		}
	}
	for _, address := range addresses {
		at := address
		for hops := 0; ; hops++ {
			if value, ok := e.held[at]; ok {
				at = strings.TrimSuffix(strings.Split(value, " ")[1], "/")
			} else if file, ok := redirect.TargetFile(at, func(name string) bool { return e.objects[name] }); !ok || hops > 9 {
				e.lost++
				e.t.Errorf("after a change of %s: %s leads to %s, where nothing is", what, address, at)
				break
			} else if to := e.leads[file]; to != "" {
				at = strings.TrimSuffix(to, "/")
			} else {
				break
			}
		}
	}
}

func (e *edge) options(s site) engine.Options {
	o := options(s.write(e.t))
	o.Redirects, o.LockWait, o.Concurrency = e.store, 10*time.Minute, 4
	return o
}

// The two releases: a page becomes a redirect, a redirect a page, a redirect leads
// elsewhere, one goes, one comes, and what they led to goes.
func before() site {
	return site{
		"index.html": "home", "page/index.html": "a page", "to/index.html": "what is led to", "stays/index.html": "s",
		"_redirects": "/moved /to\n/turns /to 302\n/gone /to\n/chain /moved 308\n",
	}
}

func after() site {
	return site{
		"index.html": "home", "moved/index.html": "a page again", "new/index.html": "new", "stays/index.html": "s",
		"_redirects": "/page /new\n/turns /new 302\n/fresh /page\n/chain /fresh 308\n/theirs /new\n",
	}
}

func TestRedirectsAreInTheStoreWithinTheSameRelease(t *testing.T) {
	e := newEdge(t)
	e.open()
	e.lasting = nil
	run := func(o engine.Options) deploy.Result {
		t.Helper()
		r, err := engine.Run(t.Context(), e.dest, o)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	expect := func(what string, want map[string]string) {
		t.Helper()
		want["/theirs"] = "301 /index.html"
		for key, value := range want {
			if key != "/theirs" {
				want[key] = value + " pressrun:www"
			}
		}
		if diff := cmp.Diff(want, e.keys.Keys()); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	dry := e.options(before())
	dry.DryRun = true
	if r := run(dry); len(r.Redirects.Put) != 4 || len(e.keys.Keys()) != 1 {
		t.Errorf("a dry run: %+v", r.Redirects)
	}
	first := run(e.options(before()))
	expect("the first", map[string]string{"/moved": "301 /to", "/turns": "302 /to", "/gone": "301 /to", "/chain": "308 /moved"})
	if len(first.Warnings) != 0 {
		t.Errorf("warned of %q", first.Warnings)
	}
	calls, requests := len(e.keys.Calls()), e.dest.Requests()
	if r := run(e.options(before())); len(e.keys.Calls())-calls != 1 || e.dest.Requests()-requests != 6 || !r.Redirects.Empty() {
		t.Errorf("unchanged: %v, %d requests", e.keys.Calls()[calls:], e.dest.Requests()-requests)
	}
	e.lasting = []string{"/", "/page", "/moved", "/turns", "/chain", "/stays"}
	r := run(e.options(after()))
	expect("the second", map[string]string{"/page": "301 /new", "/turns": "302 /new", "/fresh": "301 /page", "/chain": "308 /fresh"})
	if told := strings.Join(r.Warnings, " "); !strings.Contains(told, "redirects are left to their pages (1)") || !strings.Contains(told, "/theirs") {
		t.Errorf("warned of %q", r.Warnings)
	}
	// Somebody changes a key of ours: the next release puts it right.
	keys := e.keys.Keys()
	keys["/page"] = "301 /wrong pressrun:www"
	e.keys.Set(keys)
	run(e.options(after()))
	expect("mended", map[string]string{"/page": "301 /new", "/turns": "302 /new", "/fresh": "301 /page", "/chain": "308 /fresh"})

	// The store is not forgotten: its redirects would lead away from pages.
	plain := e.options(before())
	plain.Redirects = nil
	if _, err := engine.Run(t.Context(), e.dest, plain); err == nil || !strings.Contains(err.Error(), fakekvs.ARN) {
		t.Errorf("a deploy without the store: %v", err)
	}
	back := e.options(site{})
	if _, err := engine.Rollback(t.Context(), e.dest, 0, back); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Rollback(t.Context(), e.dest, first.Release, back); err != nil {
		t.Fatal(err)
	}
	expect("rolled back", map[string]string{"/moved": "301 /to", "/turns": "302 /to", "/gone": "301 /to", "/chain": "308 /moved"})
	plain.WithoutRedirects = true
	run(plain)
	plain.WithoutRedirects = false
	run(plain)
}

// TestARedirectStoreAtEveryCutPoint: the deploy dies at every request, to the
// bucket or to the store; at no instant does an address lead nowhere, and the next
// deploy finishes it.
func TestARedirectStoreAtEveryCutPoint(t *testing.T) {
	e := newEdge(t)
	cuts := 0
	for k := 1; ; k++ {
		died := false
		synctest.Test(t, func(t *testing.T) {
			e.t, e.dies, e.gone, e.lasting = t, 0, false, nil
			e.open()
			if _, err := engine.Run(t.Context(), e.dest, e.options(before())); err != nil {
				t.Fatal(err)
			}
			e.lasting = []string{"/", "/page", "/moved", "/turns", "/chain", "/stays"}
			e.number, e.dies = 0, k
			_, err := engine.Run(t.Context(), e.dest, e.options(after()))
			if died = e.gone; err != nil && !died {
				t.Errorf("cut %d: %v", k, err)
			}
			e.dies, e.gone = 0, false
			next, want := after(), map[string]string{"/page": "301 /new", "/turns": "302 /new", "/fresh": "301 /page", "/chain": "308 /fresh"}
			if k%2 == 0 {
				next, want = before(), map[string]string{"/moved": "301 /to", "/turns": "302 /to", "/gone": "301 /to", "/chain": "308 /moved"}
			}
			if _, err := engine.Run(t.Context(), e.dest, e.options(next)); err != nil {
				t.Fatalf("cut %d: the next deploy: %v", k, err)
			}
			got := e.keys.Keys()
			for key, value := range want {
				if got[key] != value+" pressrun:www" {
					t.Errorf("cut %d: %s is %q", k, key, got[key])
				}
			}
			if len(got) != len(want)+1 {
				t.Errorf("cut %d: the store holds %v", k, got)
			}
		})
		if !died || t.Failed() {
			break
		}
		cuts++
	}
	fmt.Printf("redirect store: cut_points=%d led_nowhere=%d\n", cuts, e.lost)
	if cuts < 20 {
		t.Errorf("only %d cut points", cuts)
	}
}

func TestAStoreThatIsTooSmallStopsTheReleaseBeforeItsFirstWrite(t *testing.T) {
	e := newEdge(t)
	e.open()
	full := map[string]string{}
	for i := range 5100 {
		full[fmt.Sprintf("/full-%04d", i)] = strings.Repeat("x", 1000)
	}
	e.keys.Set(full)
	var rules strings.Builder
	for i := range 300 {
		fmt.Fprintf(&rules, "/old-%d /to?%s\n", i, strings.Repeat("n", 480))
	}
	changes := 0
	e.bucket.Changed = func(map[string]fakes3.Object, string) { changes++ }
	_, err := engine.Run(t.Context(), e.dest, e.options(before().with("_redirects", rules.String())))
	if err == nil || !strings.Contains(err.Error(), "takes 5242880") || changes != 0 {
		t.Fatalf("%d changes, %v", changes, err)
	}
}

func TestAStoreThatOthersWriteToIsReadAgain(t *testing.T) {
	e := newEdge(t)
	synctest.Test(t, func(t *testing.T) {
		e.t = t
		e.open()
		n := 0
		e.keys.Before = func(r *http.Request) *fakekvs.Fault {
			if r.Method != http.MethodPost {
				return nil
			}
			if n++; n == 1 {
				keys := e.keys.Keys()
				keys["/blog"] = "301 /x pressrun:blog"
				e.keys.Set(keys)
			}
			if n == 2 {
				return &fakekvs.Fault{Drop: true, Done: true}
			}
			return nil
		}
		o := e.options(before())
		if _, err := engine.Run(t.Context(), e.dest, o); err != nil {
			t.Fatal(err)
		}
		if keys := e.keys.Keys(); len(keys) != 6 || keys["/blog"] == "" {
			t.Errorf("the store holds %v", keys)
		}
	})
}

// The first release with a store dies after it has written there: visitors are led
// by it, so the next one must not pass it over.
func TestAStoreThatADeadDeployHasWrittenToIsNotForgotten(t *testing.T) {
	e := newEdge(t)
	synctest.Test(t, func(t *testing.T) {
		e.t = t
		e.open()
		moved := small().with("_redirects", "/old /about/\n")
		without := func(s site) engine.Options {
			o := e.options(s)
			o.Redirects = nil
			return o
		}
		if _, err := engine.Run(t.Context(), e.dest, without(small())); err != nil {
			t.Fatal(err)
		}
		var written atomic.Bool
		e.bucket.Before = func(r *http.Request) *fakes3.Fault {
			if strings.HasSuffix(r.URL.Path, manifest.MarkerPath) {
				written.Store(true)
			}
			if written.Load() {
				return &fakes3.Fault{Status: http.StatusForbidden, Code: "ExpiredToken"}
			}
			return nil
		}
		if _, err := engine.Run(t.Context(), e.dest, e.options(moved)); err == nil || e.held["/old"] == "" {
			t.Fatalf("it did not die after it had written: %q, %v", e.held, err)
		}
		e.bucket.Before = nil
		if _, err := engine.Run(t.Context(), e.dest, without(small())); err == nil || !strings.Contains(err.Error(), "--redirect-store") {
			t.Errorf("the next deploy: %v", err)
		}
		if _, err := engine.Run(t.Context(), e.dest, e.options(small())); err != nil || e.held["/old"] != "" {
			t.Errorf("with the store: %q, %v", e.held, err)
		}
	})
}
