package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// holdUp keeps the writer busy until the returned function is called, so that
// what is asked meanwhile becomes one batch.
func holdUp(t testing.TB, l *Ledger) (letGo func()) {
	t.Helper()
	busy, gate := make(chan struct{}), make(chan struct{})
	over := make(chan error, 1)
	go func() {
		over <- l.writer.act(context.WithoutCancel(t.Context()), func(*batch) error {
			close(busy)
			<-gate
			return nil
		})
	}()
	<-busy
	letGo = sync.OnceFunc(func() {
		close(gate)
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(letGo) // where the test failed: closing the ledger waits for the writer
	return letGo
}

// inLine waits until so many decisions wait for the writer. It looks without a pause: a
// batch has hundreds.
func inLine(t eventually.T, l *Ledger, n int) {
	t.Helper()
	for deadline := time.Now().Add(eventually.Patience); len(l.writer.ops) < n; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d decisions wait for the writer, want %d", len(l.writer.ops), n)
		}
	}
}

// poison is a decision that breaks its transaction after having written.
func poison(b *batch) error {
	b.event(Event{Site: "www", Kind: "poison"})
	if _, err := b.exec(`INSERT INTO events (id, site, at_us, kind, release_no, request_id, actor, why) VALUES (1, NULL, 0, '', 0, '', '', '')`); err != nil {
		return err
	}
	return nil
}

func TestOnePoisonedDecisionDoesNotSpoilItsBatch(t *testing.T) {
	l := fresh(t)
	const n = 50
	letGo := holdUp(t, l)
	var wg sync.WaitGroup
	ids, poisoned := make([]string, n), make(chan error, 1)
	for i := range n {
		inLine(t, l, i)
		if i == n/2 {
			go func() { poisoned <- l.writer.act(t.Context(), poison) }()
			continue
		}
		wg.Go(func() {
			r, again, err := accept(t.Context(), l, Request{Site: "www", Key: fmt.Sprint("k", i), Source: release.FromContent})
			if err != nil || again {
				t.Errorf("ask %d: again=%v: %v", i, again, err)
			}
			ids[i] = r.ID
		})
	}
	inLine(t, l, n)
	letGo()
	wg.Wait()
	if err := <-poisoned; err == nil {
		t.Error("the poisoned decision was acknowledged")
	}
	for i, id := range ids {
		if i == n/2 {
			continue
		}
		r, _, err := request(t.Context(), l, id)
		if err != nil || r.Key != fmt.Sprint("k", i) {
			t.Errorf("request %d: %+v (%v)", i, r, err)
		}
	}
	if s, err := l.Site(t.Context(), "www"); err != nil || s.Accepted != n-1 {
		t.Errorf("%d requests were accepted (%v)", s.Accepted, err)
	}
	events, err := l.Events(t.Context(), "", 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == "poison" {
			t.Error("the poisoned decision left an event")
		}
	}
	mustBeSound(t, l, "www")
}

func TestKeysThatWereUsedBeforeAreKnownInABatchOfManyNewOnes(t *testing.T) {
	l := fresh(t)
	const n = 5*manyKeys + 3
	known := map[int]string{}
	for i := 0; i < n; i += 7 {
		known[i] = ask(t, l, Request{Key: fmt.Sprint("k", i)}).ID
	}
	letGo := holdUp(t, l)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			r, again, err := accept(t.Context(), l, Request{Site: "www", Key: fmt.Sprint("k", i), Source: release.FromContent})
			if err != nil || again != (known[i] != "") || (again && r.ID != known[i]) {
				t.Errorf("key %d is request %s, again=%v (%v), want %q", i, r.ID, again, err, known[i])
			}
		})
		wg.Go(func() { // the same key on another site is another request
			if r, again, err := accept(t.Context(), l, Request{Site: "docs", Key: fmt.Sprint("k", i), Source: release.FromContent}); err != nil || again || r.Site != "docs" {
				t.Errorf("key %d of docs: %+v, again=%v (%v)", i, r, again, err)
			}
		})
	}
	inLine(t, l, 2*n)
	letGo()
	wg.Wait()
	if got := len(allRequests(t, l, "www")); got != n {
		t.Errorf("%d requests, want %d", got, n)
	}
}

func TestADecisionIsCarriedOutThoughItsCallerStoppedWaiting(t *testing.T) {
	l := fresh(t)
	letGo := holdUp(t, l)
	ctx, stop := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := l.Accept(ctx, Request{Site: "www", Key: "k", Source: release.FromEditor})
		failed <- err
	}()
	inLine(t, l, 1)
	stop()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	letGo()
	if _, again, err := accept(t.Context(), l, Request{Site: "www", Key: "k", Source: release.FromEditor}); err != nil || !again {
		t.Errorf("the request was not taken: again=%v (%v)", again, err)
	}
	if _, err := l.Accept(ctx, Request{Site: "www", Key: "other", Source: release.FromEditor}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the caller had gone: %v", err)
	}
	if _, again, err := accept(t.Context(), l, Request{Site: "www", Key: "other", Source: release.FromEditor}); err != nil || again {
		t.Errorf("a request that was not handed over was taken: again=%v (%v)", again, err)
	}
}

func TestCloseCarriesOutWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	letGo := holdUp(t, l)
	var wg sync.WaitGroup
	const n = 20
	for i := range n {
		wg.Go(func() {
			if _, err := l.Accept(t.Context(), Request{Site: "www", Source: release.FromContent}); err != nil {
				t.Errorf("ask %d: %v", i, err)
			}
		})
	}
	inLine(t, l, n)
	changed := l.Changed()
	closed := make(chan error, 2)
	for range 2 {
		go func() { closed <- l.Close() }()
	}
	eventually.Holds(t, "the writer to be closed", l.writer.isClosed)
	if _, err := l.Accept(t.Context(), Request{Site: "www", Source: release.FromContent}); !errors.Is(err, ErrClosed) {
		t.Errorf("after closing: %v", err)
	}
	letGo()
	wg.Wait()
	for range 2 {
		if err := <-closed; err != nil {
			t.Error(err)
		}
	}
	<-changed
	<-l.Changed() // a closed ledger keeps nobody waiting
	if got := len(allRequests(t, open(t, path), "www")); got != n {
		t.Errorf("%d of %d requests are there", got, n)
	}
}

func (w *writer) isClosed() bool {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.closed
}

// 64 goroutines ask, tick, carry releases out, cancel and fail them, all at
// once. Nothing is lost, nothing is there twice, and in the end all is live.
func TestManyAtOnceKeepTheLedgerSound(t *testing.T) {
	l := fresh(t)
	sites := []string{"www", "docs"}
	var wg sync.WaitGroup
	var mu sync.Mutex
	byKey := map[string]string{}
	for g := range 64 {
		site := sites[g%2]
		wg.Go(func() {
			for i := range 15 {
				if g%8 == 7 {
					stir(t, l, site, g*100+i)
					continue
				}
				key := fmt.Sprint(site, (g*7+i)%200)
				r, _, err := accept(t.Context(), l, Request{Site: site, Key: key, Source: release.FromContent})
				mu.Lock()
				if known, ok := byKey[key]; err != nil || (ok && known != r.ID) {
					t.Errorf("key %s is request %s and %s (%v)", key, known, r.ID, err)
				}
				byKey[key] = r.ID
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, site := range sites {
		decide(t, l, site, release.ResetSite{})
		if s, err := l.Site(t.Context(), site); err != nil || s.State == release.Requested {
			carry(t, l, site)
		}
		mustBeSound(t, l, site)
		for _, r := range allRequests(t, l, site) {
			if byKey[r.Key] != r.ID {
				t.Errorf("request %s with key %s was acknowledged as %s", r.ID, r.Key, byKey[r.Key])
			}
			delete(byKey, r.Key)
			if _, f, err := request(t.Context(), l, r.ID); err != nil || f.Status != release.Live || f.Release == 0 {
				t.Errorf("request %s: %+v (%v)", r.ID, f, err)
			}
		}
	}
	if len(byKey) != 0 {
		t.Errorf("acknowledged and lost: %v", byKey)
	}
}

// stir does to a site whatever its state allows. Others do so too, so that a
// refusal is as good as a success; only other errors are wrong.
func stir(t *testing.T, l *Ledger, site string, n int) {
	t.Helper()
	s, err := l.Tick(t.Context(), site, fmt.Sprint("token-", n))
	if err != nil {
		t.Error(err)
		return
	}
	run := s.Current.Run
	if run.ID == "" {
		run = release.Run{ID: fmt.Sprint("run-", n), Attempt: 1}
	}
	for _, e := range []release.Event{
		release.DispatchConfirmed{Token: s.Current.Dispatch.Token, Run: run},
		release.Claim{Release: s.Current.Number, Token: s.Current.Dispatch.Token, Run: run},
		release.Report{Release: s.Current.Number, Run: run, Sequence: 1, To: release.InProgress},
		[]release.Event{
			release.Report{Release: s.Current.Number, Run: run, Sequence: 2, To: release.Complete},
			release.Failure{Release: s.Current.Number, Run: run, Sequence: 2, Why: "no"},
			release.ResetSite{},
		}[n%3],
		release.Report{Release: s.Current.Number, Run: run, Sequence: 3, To: release.Ready},
	} {
		if _, err := l.Decide(t.Context(), site, e); err != nil && !errors.As(err, new(*release.Conflict)) {
			t.Errorf("%#v: %v", e, err)
		}
	}
}
