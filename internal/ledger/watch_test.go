package ledger

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pressrun/pressrun/internal/release"
)

func TestAStreamIsWokenByItsOwnSitesNewsOnly(t *testing.T) {
	l := fresh(t)
	woken := func(told <-chan struct{}) bool {
		select {
		case <-told:
			return true
		default:
			return false
		}
	}
	www, docs, all, every := l.TrailGrown("www"), l.TrailGrown("docs"), l.TrailGrown(""), l.Changed()
	if l.TrailGrown("www") != www {
		t.Error("those who wait for the same have channels of their own")
	}
	ask(t, l, Request{Site: "docs"})
	if woken(www) || !woken(docs) || !woken(all) || !woken(every) {
		t.Errorf("news of docs woke www %t, docs %t, all %t, everybody %t", woken(www), woken(docs), woken(all), woken(every))
	}
	s, run := dispatch(t, l, "docs")
	docs, all, every = l.TrailGrown("docs"), l.TrailGrown(""), l.Changed()
	decide(t, l, "docs", release.Heartbeat{Release: s.Current.Number, Run: run, Note: "building"})
	if woken(docs) || woken(all) || !woken(every) {
		t.Errorf("a heartbeat woke docs %t, all %t, everybody %t", woken(docs), woken(all), woken(every))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !woken(www) || !woken(docs) || !woken(all) || !woken(l.TrailGrown("www")) || !woken(l.TrailGrown("new")) {
		t.Error("a closed ledger keeps somebody waiting")
	}
}

func TestAKindOfEventWakesWhoWaitsForThatKind(t *testing.T) {
	l := fresh(t)
	woken := func(told <-chan struct{}) bool {
		select {
		case <-told:
			return true
		default:
			return false
		}
	}
	before, err := l.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	accepted, ended, paused := l.Happened(KindAccepted), l.Happened(release.KindEnded), l.Happened(release.KindPaused)
	ask(t, l, Request{Site: "docs"})
	if !woken(accepted) || woken(ended) || woken(paused) {
		t.Errorf("a request woke accepted %t, ended %t, paused %t", woken(accepted), woken(ended), woken(paused))
	}
	decide(t, l, "www", release.PauseSite{Act: release.Act{By: "ana", Why: "test"}})
	if woken(ended) || !woken(paused) {
		t.Errorf("a pause woke ended %t, paused %t", woken(ended), woken(paused))
	}
	last, err := l.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found, err := l.EventsOf(t.Context(), before, last, 10, release.KindPaused, release.KindEnded)
	if err != nil || len(found) != 1 || found[0].Kind != release.KindPaused {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err = l.EventsOf(t.Context(), before, last-1, 10, release.KindPaused, release.KindEnded); err != nil || len(found) != 0 {
		t.Errorf("beyond the last: %+v, %v", found, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !woken(ended) || !woken(l.Happened("new")) {
		t.Error("a closed ledger keeps somebody waiting")
	}
}

func TestChangesNameTheSitesThatACommitChanged(t *testing.T) {
	l := fresh(t)
	c := l.Changes()
	defer c.Close()
	expect := func(what string, want Change) {
		t.Helper()
		ready := len(want.Sites) > 0 || want.Outbox
		select {
		case <-c.Ready():
			if !ready {
				t.Errorf("%s: something is said to be there", what)
			}
		default:
			if ready {
				t.Errorf("%s: nobody is told", what)
			}
		}
		if diff := cmp.Diff(want, c.Take(), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	expect("nothing happened", Change{})
	ask(t, l, Request{Site: "docs"})
	s, run := dispatch(t, l, "docs")
	expect("a dispatch", Change{Sites: []string{"docs"}, Outbox: true})
	decide(t, l, "docs", release.Heartbeat{Release: s.Current.Number, Run: run, Note: "building"})
	expect("a heartbeat", Change{Sites: []string{"docs"}})
	if err := l.PutMetrics(t.Context(), "docs", s.Current.Number, `{}`); err != nil {
		t.Fatal(err)
	}
	expect("metrics", Change{})
	ask(t, l, Request{Site: "www", NotBefore: time.Now().Add(time.Hour)})
	decide(t, l, "docs", release.Heartbeat{Release: s.Current.Number, Run: run, Note: "still building"})
	expect("two commits", Change{Sites: []string{"docs", "www"}})
	c.Close()
	decide(t, l, "docs", release.Heartbeat{Release: s.Current.Number, Run: run, Note: "and on"})
	expect("after its end", Change{})
}
