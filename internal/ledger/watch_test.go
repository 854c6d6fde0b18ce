package ledger

import (
	"testing"

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
