package s3_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// heard are what a store said that it waited for, and when.
type heard struct {
	mu   sync.Mutex
	said []string
	at   []time.Time
	till []time.Time
}

func (l *heard) add(w s3.Waiting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said, l.at, l.till = append(l.said, w.Store+": "+w.Reason), append(l.at, time.Now()), append(l.till, w.Until)
}

// client is a function that carries requests out.
type client func(*http.Request) (*http.Response, error)

func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }

func refuses(r *http.Request) error {
	return &url.Error{Op: r.Method, URL: r.URL.String(), Err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}}
}

func TestWhatIsWaitedForIsSaidWithinSeconds(t *testing.T) {
	fake := &fakes3.Server{Before: func(*http.Request) *fakes3.Fault {
		return &fakes3.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
	}}
	for name, c := range map[string]struct {
		do   client
		want string
	}{
		"it refuses": {func(r *http.Request) (*http.Response, error) { return nil, refuses(r) }, "it refuses connections"},
		"it hangs": {func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(30 * time.Second):
				return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: &net.OpError{Op: "dial", Net: "tcp", Err: context.DeadlineExceeded}}
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}, "it does not answer"},
		"it is too busy": {fake.Do, "it asks for fewer requests"},
		"no such name": {func(r *http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: &net.OpError{Op: "dial", Err: &net.DNSError{Name: "fake", IsTemporary: true}}}
		}, "the name fake can't be looked up"},
	} {
		t.Run(name, func(t *testing.T) {
			for range 20 { // the pauses are random
				synctest.Test(t, func(t *testing.T) {
					var l heard
					st := open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: c.do, Waiting: l.add})
					began := time.Now()
					if _, err := st.Get(t.Context(), "head"); !errors.Is(err, store.ErrUnreachable) {
						t.Errorf("got %v", err)
					}
					ended := time.Now()
					if len(l.said) != 1 || l.said[0] != "http://fake: "+c.want {
						t.Fatalf("it was said: %q", l.said)
					}
					if after := l.at[0].Sub(began); after > 5*time.Second {
						t.Errorf("said after %s", after)
					}
					if early, late := ended.Sub(l.till[0]), l.till[0].Sub(ended); early > time.Second || late > 20*time.Second {
						t.Errorf("given up at %s, said until %s", ended.Sub(began), l.till[0].Sub(began))
					}
				})
			}
		})
	}
}

// TestAWaitThatEndsIsToldOnce and the next one again; a hiccup is none.
func TestAWaitThatEndsIsToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakes3.Server{}
		fake.Bucket("b", nil)
		var away atomic.Bool
		var l heard
		st := open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", Waiting: l.add, HTTPClient: client(func(r *http.Request) (*http.Response, error) {
			if away.Load() {
				return nil, refuses(r)
			}
			return fake.Do(r)
		})})
		for i := range 3 {
			away.Store(true)
			time.AfterFunc([]time.Duration{10 * time.Millisecond, 12 * time.Second, 12 * time.Second}[i], func() { away.Store(false) })
			put := store.SmallPut(fmt.Sprint("k", i), "", []byte("x"), store.Condition{})
			if _, err := st.Put(t.Context(), put); err != nil {
				t.Fatal(err)
			}
			if len(l.said) != i {
				t.Errorf("after %d waits it was said: %q", i, l.said)
			}
			if err := st.List(t.Context(), "", func(store.Info) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestASlowAnswerAmongOthersIsNoWait: one that takes its time while the store
// answers others says nothing of the store.
func TestASlowAnswerAmongOthersIsNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &fakes3.Server{}
		fake.Bucket("b", nil)
		var l heard
		st := open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", Waiting: l.add, HTTPClient: client(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodHead {
				time.Sleep(10 * time.Second)
			}
			return fake.Do(r)
		})})
		var wait sync.WaitGroup
		wait.Go(func() { _, _ = st.Stat(t.Context(), "none") })
		for range 20 {
			time.Sleep(500 * time.Millisecond)
			if err := st.List(t.Context(), "", func(store.Info) error { return nil }); err != nil {
				t.Error(err)
			}
		}
		wait.Wait()
		if len(l.said) != 0 {
			t.Errorf("it was said: %q", l.said)
		}
	})
}
