package view

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// world is a ledger with one site, and a Reader of it.
type world struct {
	*ledger.Ledger
	reader *Reader
}

func newWorld(t *testing.T) world {
	t.Helper()
	zero := config.Duration(0)
	sites := map[string]config.Site{"www": {Title: "The library", Quiet: &zero}}
	led, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(t.TempDir(), "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": sites["www"].Policy()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := led.Close(); err != nil {
			t.Error(err)
		}
	})
	return world{led, New(led, sites, nil, slog.New(slog.DiscardHandler))}
}

func (w world) accept(t *testing.T, title string) ledger.Request {
	t.Helper()
	taken, err := w.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromEditor, Actor: "Ada", Title: title})
	if err != nil {
		t.Fatal(err)
	}
	return taken.Request
}

func (w world) decide(t *testing.T, event release.Event) release.Site {
	t.Helper()
	site, err := w.Decide(t.Context(), "www", event)
	if err != nil {
		t.Fatalf("%T: %v", event, err)
	}
	return site
}

var run = release.Run{ID: "7", Attempt: 1}

// begin brings the site's release into progress.
func (w world) begin(t *testing.T) release.Site {
	t.Helper()
	site, err := w.Tick(t.Context(), "www", "token")
	if err != nil {
		t.Fatal(err)
	}
	number := site.Current.Number
	w.decide(t, release.DispatchConfirmed{Token: "token", Run: run})
	w.decide(t, release.Claim{Release: number, Token: "token", Run: run})
	return w.decide(t, release.Report{Release: number, Run: run, Sequence: 1, To: release.InProgress})
}

// end makes the site's release a success.
func (w world) end(t *testing.T, number int64) {
	t.Helper()
	for i, to := range []release.State{release.Complete, release.Ready} {
		w.decide(t, release.Report{Release: number, Run: run, Sequence: int64(i + 2), To: to})
	}
}

// Each answer is read while the release that it tells of ends and the next one
// begins: it must be the answer from before, or the one from afterwards.
func TestAnAnswerTellsOfOneInstant(t *testing.T) {
	for name, read := range map[string]func(ctx context.Context, r *Reader, served, waits string) (any, error){
		"the request in the release": func(ctx context.Context, r *Reader, served, _ string) (any, error) {
			v, err := r.Request(ctx, served)
			return []any{v.Wire(), v.Of.Wire(), v.Of.Event, v.Of.Steps()}, err
		},
		"a request behind it": func(ctx context.Context, r *Reader, _, waits string) (any, error) {
			v, err := r.Request(ctx, waits)
			return []any{v.Wire(), v.Of.Wire(), v.Of.Event, v.Of.Steps()}, err
		},
		"the open requests": func(ctx context.Context, r *Reader, _, _ string) (any, error) {
			v, err := r.OpenRequests(ctx, "www", 10)
			return Wires(v), err
		},
		"the release": func(ctx context.Context, r *Reader, _, _ string) (any, error) {
			v, err := r.Release(ctx, "www", 1)
			return []any{v.Wire(), v.Of.Wire(), v.Of.Event}, err
		},
		"the site": func(ctx context.Context, r *Reader, _, _ string) (any, error) {
			v, err := r.Site(ctx, "www")
			return []any{v.Wire(), v.Event}, err
		},
		"the site with its previews": func(ctx context.Context, r *Reader, _, _ string) (any, error) {
			v, all, err := SitePreviews(ctx, r, "www")
			return []any{v.Event, len(all)}, err
		},
		"the site with what goes on": func(ctx context.Context, r *Reader, _, _ string) (any, error) {
			v, err := r.SiteDetail(ctx, "www", Limits{Requests: 10, Releases: 10})
			return []any{v.Wire(), v.Event, Wires(v.Served), Wires(v.Next), v.Releases}, err
		},
		"all sites": func(ctx context.Context, r *Reader, _, _ string) (any, error) {
			all, err := r.Sites(ctx, everybody, true)
			return []any{all.Event, all.Sites[0].Wire()}, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			served := w.accept(t, "served")
			w.begin(t)
			waits := w.accept(t, "waits")
			now := ledger.Now()
			answer := func(between func()) string {
				t.Helper()
				w.reader.now = func() time.Time {
					between()
					between = func() {}
					return now
				}
				v, err := read(t.Context(), w.reader, served.ID, waits.ID)
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.MarshalIndent(v, "", " ")
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
			before := answer(func() {})
			during := answer(func() {
				w.end(t, 1)
				w.begin(t)
				if err := w.Previews().Put(t.Context(), ledger.Preview{Site: "www", Number: 12, Doc: "{}", Due: now}); err != nil {
					t.Error(err)
				}
			})
			after := answer(func() {})
			if before == after {
				t.Fatal("nothing changed in between")
			}
			if diff := cmp.Diff(strings.Split(before, "\n"), strings.Split(during, "\n")); diff != "" {
				t.Errorf("it tells of two instants (-before +while the release ended):\n%s", diff)
			}
		})
	}
}

// The list is read by few statements, and tells of each site what its own page tells.
func TestTheListTellsOfEachSiteWhatItsPageTells(t *testing.T) {
	w := newWorld(t)
	w.accept(t, "served")
	w.begin(t)
	w.end(t, 1)
	if err := w.PutMetrics(t.Context(), "www", 1, `{"edge":{"cdn":"fastly","state":"pending"}}`); err != nil {
		t.Fatal(err)
	}
	w.accept(t, "waits")
	w.begin(t)
	now := ledger.Now()
	w.reader.now = func() time.Time { return now }
	alone, err := w.reader.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	if alone.Pending == "" {
		t.Fatal("its CDN is not pending")
	}
	all, err := w.reader.Sites(t.Context(), everybody, false)
	if err != nil || len(all.Sites) != 1 {
		t.Fatalf("%d sites (%v)", len(all.Sites), err)
	}
	list, err := w.reader.List(t.Context(), everybody, false)
	if err != nil || len(list.Sites) != 1 {
		t.Fatalf("%d sites are listed (%v)", len(list.Sites), err)
	}
	for name, got := range map[string]Site{"all sites": all.Sites[0], "the list": list.Site(t.Context(), list.Sites[0])} {
		if diff := cmp.Diff(alone.Wire(), got.Wire()); diff != "" || got.Pending != alone.Pending || got.Event != alone.Event {
			t.Errorf("%s (-its page +%s):\n%s", name, name, diff)
		}
	}
	want := alone.Listed()
	if diff := cmp.Diff(want, list.Sites[0], cmpopts.IgnoreUnexported(Listed{}), cmp.Comparer(sameZone)); diff != "" {
		t.Errorf("it is listed (-want +got):\n%s", diff)
	}
	nobody := func(string) bool { return false }
	if list, err = w.reader.List(t.Context(), nobody, false); err != nil || len(list.Sites) != 0 {
		t.Errorf("who may see none finds %d sites (%v)", len(list.Sites), err)
	}
}

func everybody(string) bool { return true }

func sameZone(a, b *time.Location) bool { return a == b }
