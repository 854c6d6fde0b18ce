package ledger

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

func open(t testing.TB, path string) *Ledger {
	t.Helper()
	policy := release.DefaultPolicy()
	policy.Quiet = 0
	l, err := Open(t.Context(), Options{Path: path, Sites: map[string]release.Policy{"www": policy, "docs": policy}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func fresh(t testing.TB) *Ledger { return open(t, filepath.Join(t.TempDir(), "pressrun.db")) }

// carry takes a requested release through to Ready.
func carry(t *testing.T, l *Ledger, site string) int64 {
	t.Helper()
	ctx := t.Context()
	s, err := l.Tick(ctx, site, "token-"+time.Now().String())
	if err != nil {
		t.Fatal(err)
	}
	run := release.Run{ID: "run-" + s.Current.Dispatch.Token, Attempt: 1}
	n := s.Current.Number
	for i, e := range []release.Event{
		release.DispatchConfirmed{Token: s.Current.Dispatch.Token, Run: run},
		release.Claim{Release: n, Token: s.Current.Dispatch.Token, Run: run},
		release.Report{Release: n, Run: run, Sequence: 1, To: release.InProgress},
		release.Report{Release: n, Run: run, Sequence: 2, To: release.Complete},
		release.Report{Release: n, Run: run, Sequence: 3, To: release.Ready},
	} {
		if _, err := l.Decide(ctx, site, e); err != nil {
			t.Fatalf("event %d %#v: %v", i, e, err)
		}
	}
	return n
}

func TestARequestIsServedByOneReleaseAndItsAnswerIsTrueAllAlong(t *testing.T) {
	l := fresh(t)
	ctx := t.Context()
	r, again, err := l.Ask(ctx, Request{Site: "www", Key: "k1", Source: release.FromEditor, Actor: "Ada", Title: "Hours"})
	if err != nil || again {
		t.Fatalf("ask: %v again=%v", err, again)
	}
	if _, f, err := l.Request(ctx, r.ID); err != nil || f.Standing != release.InRelease || f.Release != 1 {
		t.Fatalf("before: %+v %v", f, err)
	}
	n := carry(t, l, "www")
	got, f, err := l.Request(ctx, r.ID)
	if err != nil || f.Standing != release.Live || f.Release != n || f.LiveAt.IsZero() {
		t.Fatalf("after: %+v %v", f, err)
	}
	if got.Title != "Hours" || got.Actor != "Ada" {
		t.Errorf("the request lost its words: %+v", got)
	}
}

func TestTheSameKeyIsTheSameRequest(t *testing.T) {
	l := fresh(t)
	var wg sync.WaitGroup
	ids := make([]string, 64)
	for i := range ids {
		wg.Go(func() {
			r, _, err := l.Ask(t.Context(), Request{Site: "www", Key: fmt.Sprint("k", i%4), Source: release.FromContent})
			if err != nil {
				t.Error(err)
			}
			ids[i] = r.ID
		})
	}
	wg.Wait()
	for i := range ids {
		if ids[i] != ids[i%4] {
			t.Fatalf("key k%d gave %s and %s", i%4, ids[i%4], ids[i])
		}
	}
	if s, _ := l.Site(t.Context(), "www"); s.Accepted != 4 {
		t.Errorf("accepted %d requests, want 4", s.Accepted)
	}
}

func TestARequestForAnUnknownSiteIsRefused(t *testing.T) {
	if _, _, err := fresh(t).Ask(t.Context(), Request{Site: "nope", Source: release.FromEditor}); !errors.Is(err, ErrNoSite) {
		t.Errorf("got %v", err)
	}
}

func TestASecondProcessIsKeptOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	open(t, path)
	_, err := Open(t.Context(), Options{Path: path})
	if _, ok := errors.AsType[*InUse](err); !ok {
		t.Errorf("got %v, want InUse", err)
	}
}

func BenchmarkAsk(b *testing.B) {
	for _, clients := range []int{1, 64, 512} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) {
			l := fresh(b)
			var wg sync.WaitGroup
			next := make(chan int)
			for range clients {
				wg.Go(func() {
					for i := range next {
						if _, _, err := l.Ask(b.Context(), Request{Site: "www", Key: fmt.Sprint(i), Source: release.FromContent, Title: "A title"}); err != nil {
							b.Error(err)
						}
					}
				})
			}
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "asks/s")
		})
	}
}
