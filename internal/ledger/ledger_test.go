package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// policies let a waiting release be dispatched, and a failed one be retried,
// at the next tick.
func policies(sites ...string) map[string]release.Policy {
	p := release.DefaultPolicy()
	p.Quiet = 0
	p.RetryDelays = []time.Duration{0, 0, 0}
	out := map[string]release.Policy{}
	for _, site := range sites {
		out[site] = p
	}
	return out
}

// engineAt is the database of a test's ledger: SQLite's file at a path, unless the test
// is carried out on another engine.
var engineAt = func(_ testing.TB, path string) database.Engine { return sqlite.At(path) }

func open(t testing.TB, path string) *Ledger {
	t.Helper()
	return openSites(t, path, "www", "docs")
}

func openSites(t testing.TB, path string, sites ...string) *Ledger {
	t.Helper()
	l, err := Open(t.Context(), engineAt(t, path), Options{Sites: policies(sites...)})
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

// accept is Ledger.Accept for a test that needs no site.
func accept(ctx context.Context, l *Ledger, r Request) (Request, bool, error) {
	a, err := l.Accept(ctx, r)
	return a.Request, a.Again, err
}

// request reads a request and its resolution.
func request(ctx context.Context, l *Ledger, id string) (r Request, f Resolution, err error) {
	err = l.Read(ctx, func(ctx context.Context, s *Snapshot) error {
		_, tracked, err := s.Request(ctx, id)
		r, f = tracked.Request, tracked.Resolution
		return err
	})
	return r, f, err
}

// openRequests lists the requests that are not live, and gives their site.
func openRequests(ctx context.Context, l *Ledger, name string) (site release.Site, open []Tracked, err error) {
	err = l.Read(ctx, func(ctx context.Context, s *Snapshot) (err error) {
		site, open, err = s.OpenRequests(ctx, name, 100)
		return err
	})
	return site, open, err
}

// ask has a request accepted that must be.
func ask(t testing.TB, l *Ledger, r Request) Request {
	t.Helper()
	if r.Site == "" {
		r.Site = "www"
	}
	if r.Source == "" {
		r.Source = release.FromEditor
	}
	got, _, err := accept(t.Context(), l, r)
	if err != nil {
		t.Fatalf("ask: %v", err)
	}
	return got
}

// decide lets the rules decide about events that they must not refuse.
func decide(t testing.TB, l *Ledger, site string, events ...release.Event) release.Site {
	t.Helper()
	var s release.Site
	for _, e := range events {
		var err error
		if s, err = l.Decide(t.Context(), site, e); err != nil {
			t.Fatalf("%#v: %v", e, err)
		}
	}
	return s
}

// dispatch has the waiting release dispatched and claimed by a run.
func dispatch(t testing.TB, l *Ledger, site string) (release.Site, release.Run) {
	t.Helper()
	s, err := l.Tick(t.Context(), site, newID("token-", time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if s.Current.Dispatch.Token == "" {
		t.Fatalf("nothing was dispatched: %+v", s)
	}
	run := release.Run{ID: "run-" + s.Current.Dispatch.Token, Attempt: 1}
	return decide(t, l, site,
		release.DispatchConfirmed{Token: s.Current.Dispatch.Token, Run: run},
		release.Claim{Release: s.Current.Number, Token: s.Current.Dispatch.Token, Run: run}), run
}

func report(s release.Site, run release.Run, sequence int64, to release.State) release.Report {
	return release.Report{Release: s.Current.Number, Run: run, Sequence: sequence, To: to}
}

// carry takes a requested release through to Ready.
func carry(t testing.TB, l *Ledger, site string) int64 {
	t.Helper()
	s, run := dispatch(t, l, site)
	decide(t, l, site, report(s, run, 1, release.InProgress), report(s, run, 2, release.Complete), report(s, run, 3, release.Ready))
	return s.Current.Number
}

// mustBe asks what became of a request.
func mustBe(t testing.TB, l *Ledger, id string, want Resolution) {
	t.Helper()
	_, got, err := request(t.Context(), l, id)
	if err != nil {
		t.Fatal(err)
	}
	if got.LiveAt.IsZero() == (got.Status == release.Live) {
		t.Errorf("request %s is %s since %v", id, got.Status, got.LiveAt)
	}
	got.LiveAt = time.Time{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what became of request %s (-want +got):\n%s", id, diff)
	}
}

// allRequests are a site's requests that have a place, newest first.
func allRequests(t testing.TB, l *Ledger, site string) []Request {
	t.Helper()
	requests, err := l.Requests(t.Context(), site, 0, 1<<40, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	return requests
}

// mustBeSound checks what holds for a site at any time: places are contiguous
// and each is given once, and event ids only grow, in the order of time.
func mustBeSound(t testing.TB, l *Ledger, site string) {
	t.Helper()
	s, err := l.Site(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	requests := allRequests(t, l, site)
	if int64(len(requests)) != s.Accepted {
		t.Errorf("%s: %d requests have places, and %d places were given", site, len(requests), s.Accepted)
	}
	for i, r := range requests {
		if r.Place != s.Accepted-int64(i) {
			t.Fatalf("%s: request %s has place %d, want %d", site, r.ID, r.Place, s.Accepted-int64(i))
		}
	}
	events, err := l.Events(t.Context(), "", 0, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(events); i++ {
		if events[i].ID <= events[i-1].ID || events[i].At.Before(events[i-1].At) {
			t.Fatalf("event %+v comes after %+v", events[i], events[i-1])
		}
	}
}

func fresh(t testing.TB) *Ledger {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "pressrun.db"))
}

func TestARequestIsServedByOneReleaseAndItsAnswerIsTrueAllAlong(t *testing.T) {
	l := fresh(t)
	ctx := t.Context()
	r, again, err := accept(ctx, l, Request{Site: "www", Key: "k1", Source: release.FromEditor, Actor: "Ada", Title: "Hours"})
	if err != nil || again {
		t.Fatalf("ask: %v again=%v", err, again)
	}
	if _, f, err := request(ctx, l, r.ID); err != nil || f.Status != release.InRelease || f.Release != 1 {
		t.Fatalf("before: %+v %v", f, err)
	}
	n := carry(t, l, "www")
	got, f, err := request(ctx, l, r.ID)
	if err != nil || f.Status != release.Live || f.Release != n || f.LiveAt.IsZero() {
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
			r, _, err := accept(t.Context(), l, Request{Site: "www", Key: fmt.Sprint("k", i%4), Source: release.FromContent})
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
	if _, _, err := accept(t.Context(), fresh(t), Request{Site: "nope", Source: release.FromEditor}); !errors.Is(err, ErrNoSite) {
		t.Errorf("got %v", err)
	}
}

func TestASecondProcessIsKeptOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	open(t, path)
	_, err := Open(t.Context(), sqlite.At(path), Options{})
	if _, ok := errors.AsType[*InUse](err); !ok {
		t.Errorf("got %v, want InUse", err)
	}
}

func TestABurstOfRequestsHidesNothingElseOfARelease(t *testing.T) {
	l := fresh(t)
	for range 30 {
		ask(t, l, Request{})
	}
	if _, err := l.Tick(t.Context(), "www", "token"); err != nil {
		t.Fatal(err)
	}
	events, err := l.EventsOfRelease(t.Context(), "www", 1, 10)
	if err != nil || len(events) != 10 {
		t.Fatalf("%d events (%v)", len(events), err)
	}
	kinds := map[string]int{}
	for i, e := range events {
		kinds[e.Kind]++
		if i > 0 && e.ID <= events[i-1].ID {
			t.Error("they are out of order")
		}
	}
	if kinds[release.KindOpened] != 1 || kinds[release.KindDispatching] != 1 || kinds[KindAccepted] != 8 {
		t.Errorf("got %v", kinds)
	}
}

func TestReadersAreConnectedBeforeTheyAreNeeded(t *testing.T) {
	if got := fresh(t).readers.Stats(); got.OpenConnections != readConnections || got.Idle != readConnections {
		t.Errorf("%d connections are open, %d wait; want %d", got.OpenConnections, got.Idle, readConnections)
	}
}
