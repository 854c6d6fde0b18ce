package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/retention"
)

// atOnce lets everything go that has ended, but for so many releases.
func atOnce(releases int) retention.Policy {
	return retention.Policy{For: time.Nanosecond, Releases: releases, HooksFor: time.Nanosecond}
}

// prune removes what may go of a site, as a pass does, and gives what went by table.
func prune(t testing.TB, l *Ledger, site string, p retention.Policy) map[OldTable][]OldRow {
	t.Helper()
	past := Past{Site: site, Before: p.Before(now()), HooksBefore: p.HooksBefore(now())}
	if site != "" {
		var err error
		if past.Removed, err = l.Retention().Cut(t.Context(), site, p); err != nil {
			t.Fatal(err)
		}
	}
	went := map[OldTable][]OldRow{}
	for _, table := range OldTables {
		past.After = nil
		for {
			rows, err := l.Retention().Old(t.Context(), table, past)
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) == 0 {
				break
			}
			if err := l.Retention().Remove(t.Context(), table, site, rows); err != nil {
				t.Fatal(err)
			}
			past.After = rows[len(rows)-1].Key
			went[table] = append(went[table], rows...)
		}
	}
	return went
}

// fail has a release end badly.
func fail(t testing.TB, l *Ledger, site string) {
	t.Helper()
	s, run := dispatch(t, l, site)
	decide(t, l, site, report(s, run, 1, release.InProgress), release.Failure{Release: s.Current.Number, Run: run, Sequence: 2, Why: "no"})
}

func TestOldHistoryGoesAndTheRestIsAsBefore(t *testing.T) {
	l := fresh(t)
	var asked []Request
	for i := range 40 {
		for range 1 + i%3 {
			asked = append(asked, ask(t, l, Request{Title: fmt.Sprintf("page%d", i), Actor: "ada"}))
		}
		if i%5 == 4 {
			fail(t, l, "www")
		}
		carry(t, l, "www")
	}
	waiting := ask(t, l, Request{Title: "not yet", NotBefore: time.Now().Add(time.Hour)})
	if err := l.Indexed(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := map[string]Resolution{}
	for _, r := range asked {
		_, f, err := request(t.Context(), l, r.ID)
		if err != nil {
			t.Fatal(err)
		}
		before[r.ID] = f
	}
	went := prune(t, l, "www", atOnce(7))
	site, err := l.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := l.Releases(t.Context(), "www", 1000, 0); len(left) < 7 || len(left) > 9 || site.Removed.Release != left[len(left)-1].Number-1 {
		t.Errorf("%d releases stay, and all up to #%d went", len(left), site.Removed.Release)
	}
	kept := 0
	for _, r := range asked {
		_, f, err := request(t.Context(), l, r.ID)
		if r.Place <= site.Removed.Place {
			gone, ok := errors.AsType[*NoLongerKept](err)
			if !ok || !errors.Is(err, ErrNotFound) || gone.Removed != site.Removed {
				t.Fatalf("request %s went, and the answer is %v", r.ID, err)
			}
			continue
		}
		kept++
		if err != nil || !cmp.Equal(f, before[r.ID]) {
			t.Fatalf("request %s is %+v (%v), and was %+v", r.ID, f, err, before[r.ID])
		}
	}
	if kept == 0 || len(went[OldRequests]) != len(asked)-kept {
		t.Errorf("%d requests went, and %d of %d stayed", len(went[OldRequests]), kept, len(asked))
	}
	if _, err := l.Release(t.Context(), "www", 1); !errors.As(err, new(*NoLongerKept)) {
		t.Errorf("release #1: %v", err)
	}
	if _, err := l.Release(t.Context(), "www", 1000); errors.As(err, new(*NoLongerKept)) || !errors.Is(err, ErrNotFound) {
		t.Errorf("a release that never was: %v", err)
	}
	if _, _, err := request(t.Context(), l, waiting.ID); err != nil {
		t.Errorf("the request that waits: %v", err)
	}
	for words, want := range map[string]bool{"page0": false, "page39": true, asked[0].ID: false, waiting.ID: true} {
		if found, err := searchFor(t, l, words); err != nil || (len(found) > 0) != want {
			t.Errorf("a search for %s finds %d (%v)", words, len(found), err)
		}
	}
	if again := prune(t, l, "www", atOnce(7)); len(again[OldRequests])+len(again[OldReleases]) > 0 {
		t.Errorf("the same goes again: %v", again)
	}
	// Numbers and places go on.
	if r := ask(t, l, Request{}); r.Place != site.Accepted+1 || carry(t, l, "www") != site.Number+1 {
		t.Errorf("place %d after %d", r.Place, site.Accepted)
	}
}

func TestWhatWentWasTheWholeRow(t *testing.T) {
	l := fresh(t)
	r := ask(t, l, Request{Title: "Öffnungszeiten", Actor: "ada", Key: "k", Entity: "node/1"})
	carry(t, l, "www")
	ask(t, l, Request{})
	carry(t, l, "www")
	went := prune(t, l, "www", atOnce(0))
	var row map[string]any
	if err := json.Unmarshal(went[OldRequests][0].Text, &row); err != nil {
		t.Fatal(err)
	}
	if row["id"] != r.ID || row["title"] != r.Title || row["idem_key"] != "k" || row["entity"] != "node/1" || int64(row["accepted_us"].(float64)) != micros(r.AcceptedAt) {
		t.Errorf("got %v", row)
	}
	kinds := map[any]bool{}
	for _, e := range went[OldEvents] {
		var row map[string]any
		if err := json.Unmarshal(e.Text, &row); err != nil {
			t.Fatal(err)
		}
		kinds[row["kind"]] = true
	}
	for _, kind := range []string{KindAccepted, release.KindOpened, release.KindComplete, release.KindEnded} {
		if !kinds[kind] {
			t.Errorf("no event %s went: %v", kind, kinds)
		}
	}
}

func TestATransactionRemovesFewRows(t *testing.T) {
	l := fresh(t)
	rows := make([]OldRow, MostAtOnce+1)
	if err := l.Retention().Remove(t.Context(), OldEvents, "www", rows); err == nil {
		t.Error("more rows than go in one transaction were taken")
	}
}

func TestTheNewestEventAndThoseNotYetToldStay(t *testing.T) {
	l := fresh(t)
	for range 10 {
		if err := l.Record(t.Context(), Event{Kind: "signed_in"}); err != nil {
			t.Fatal(err)
		}
	}
	if went := prune(t, l, "", atOnce(0)); len(went[OldEvents]) != 9 {
		t.Errorf("%d events went of 10, and the newest has to stay", len(went[OldEvents]))
	}
	if err := l.Notices().Begin(t.Context(), "www", []string{"cms"}); err != nil {
		t.Fatal(err)
	}
	upto, err := l.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ask(t, l, Request{})
		carry(t, l, "www")
	}
	prune(t, l, "www", atOnce(0))
	events, err := l.Events(t.Context(), "www", 0, 1000)
	if err != nil || len(events) == 0 || events[0].ID != upto+1 {
		t.Errorf("the target was told up to event %d, and what is left begins with %+v (%v)", upto, events, err)
	}
}

func TestTheHistoryOfASiteThatIsNoLongerConfiguredGoesToo(t *testing.T) {
	dir := t.TempDir()
	l := openSites(t, dir+"/pressrun.db", "www", "docs")
	for range 5 {
		ask(t, l, Request{Site: "docs"})
		carry(t, l, "docs")
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openSites(t, dir+"/pressrun.db", "www")
	names, err := l.Retention().Sites(t.Context())
	if err != nil || !slices.Equal(names, []string{"docs"}) {
		t.Fatalf("got %v (%v)", names, err)
	}
	if went := prune(t, l, "docs", atOnce(2)); len(went[OldReleases]) != 3 {
		t.Errorf("%d releases went, want 3", len(went[OldReleases]))
	}
	h, err := l.Retention().History(t.Context(), "docs")
	if err != nil || h.Kept != 2 || h.Site.Removed.Release != 3 {
		t.Errorf("%d stay after #%d (%v)", h.Kept, h.Site.Removed.Release, err)
	}
}

// TestAnyLifeIsAsWithoutRetention leads two ledgers through the same life, of which one
// loses its old history all the time.
func TestAnyLifeIsAsWithoutRetention(t *testing.T) {
	for seed := range uint64(6) {
		chance := rand.New(rand.NewPCG(seed, 12))
		whole, short := fresh(t), fresh(t)
		var ids [2][]string
		for range 120 {
			what, keep := chance.IntN(9), chance.IntN(4)
			for i, l := range []*Ledger{whole, short} {
				s, err := l.Site(t.Context(), "www")
				if err != nil {
					t.Fatal(err)
				}
				switch {
				case what < 5:
					ids[i] = append(ids[i], ask(t, l, Request{}).ID)
				case what < 8 && s.State == release.Requested && !s.Hold.On():
					carry(t, l, "www")
				case what == 8 && s.State == release.Requested && !s.Hold.On() && s.Failures < 3:
					fail(t, l, "www")
				}
			}
			prune(t, short, "www", atOnce(keep))
		}
		sameLife(t, whole, short, ids)
	}
}

// sameLife compares what became of each request that both still have.
func sameLife(t *testing.T, whole, short *Ledger, ids [2][]string) {
	t.Helper()
	kept := 0
	for i, id := range ids[1] {
		_, want, err := request(t.Context(), whole, ids[0][i])
		if err != nil {
			t.Fatal(err)
		}
		_, got, err := request(t.Context(), short, id)
		if errors.As(err, new(*NoLongerKept)) && want.Status == release.Live {
			continue
		}
		if err != nil {
			t.Fatalf("request %d is %s, and its history went: %v", i, want.Status, err)
		}
		kept++
		want.LiveAt, got.LiveAt = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("request %d (-whole +short):\n%s", i, diff)
		}
	}
	if kept == 0 || kept == len(ids[1]) {
		t.Fatalf("%d of %d requests stayed: the comparison shows nothing", kept, len(ids[1]))
	}
}
