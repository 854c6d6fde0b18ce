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
	www, docs, all, every := l.Told("www"), l.Told("docs"), l.Told(""), l.Changed()
	if l.Told("www") != www {
		t.Error("those who wait for the same have channels of their own")
	}
	ask(t, l, Request{Site: "docs"})
	if woken(www) || !woken(docs) || !woken(all) || !woken(every) {
		t.Errorf("news of docs woke www %t, docs %t, all %t, everybody %t", woken(www), woken(docs), woken(all), woken(every))
	}
	s, run := dispatch(t, l, "docs")
	docs, all, every = l.Told("docs"), l.Told(""), l.Changed()
	decide(t, l, "docs", release.Heartbeat{Release: s.Current.Number, Run: run, Note: "building"})
	if woken(docs) || woken(all) || !woken(every) {
		t.Errorf("a heartbeat woke docs %t, all %t, everybody %t", woken(docs), woken(all), woken(every))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if !woken(www) || !woken(docs) || !woken(all) || !woken(l.Told("www")) || !woken(l.Told("new")) {
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
