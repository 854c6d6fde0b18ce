package deploy

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestOnlyOneDeployHoldsTheLease(t *testing.T) {
	first, err := Head{}.Acquire("a", "www", 0, time.Minute)
	if err != nil || first.Fence != 1 || first.Site != "www" {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, c := range []struct {
		name  string
		owner string
		age   time.Duration
		free  bool
	}{
		{"just taken", "b", 0, false},
		{"a second before its end", "b", 59 * time.Second, false},
		{"at its end", "b", time.Minute, true},
		{"by the same deploy", "a", 0, true},
	} {
		next, err := first.Acquire(c.owner, "www", c.age, time.Minute)
		var locked *LockedError
		if got := !errors.As(err, &locked); got != c.free {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.free && next.Fence != 2 {
			t.Errorf("%s: fence %d, want a new one", c.name, next.Fence)
		}
	}
}

func TestACommitSettlesWhatWasInDoubt(t *testing.T) {
	h, _ := Head{}.Acquire("a", "www", 0, time.Minute)
	h = h.Begin()
	h, _ = h.Acquire("b", "www", time.Hour, time.Minute)
	h = h.Begin()
	if len(h.Pending) != 2 {
		t.Fatalf("pending %v", h.Pending)
	}
	h = h.Commit(Live{Sequence: 2, Release: 1}).Release(true)
	if len(h.Pending) != 0 || h.Lease != nil || !h.Live.Swept {
		t.Fatalf("%+v", h)
	}
	for i := range int64(60) {
		h = h.Commit(Live{Sequence: 3 + i, Release: 2 + i})
	}
	if len(h.History) != maxHistory || h.History[0].Release != h.Live.Release-1 {
		t.Fatalf("%d releases remembered, newest %d", len(h.History), h.History[0].Release)
	}
}

func TestReleaseNumber(t *testing.T) {
	numbered := Head{Live: &Live{Release: 128, Numbered: true}}
	counted := Head{Live: &Live{Release: 4}}
	wentBack := Head{Live: &Live{Release: 2, Rollback: true}, History: []Live{{Release: 4}, {Release: 2}, {Release: 128, Numbered: true}}}
	putBack := Head{
		Live:    &Live{Release: 5, Numbered: true, Rollback: true},
		History: []Live{{Release: 6, Numbered: true, Rollback: true}, {Release: 8, Numbered: true}, {Release: 7, Numbered: true}},
	}
	for _, c := range []struct {
		name  string
		head  Head
		given int64
		allow bool
		want  int64
		fails bool
	}{
		{name: "the first", want: 1},
		{name: "counted on", head: counted, want: 5},
		{name: "counted on after going back", head: wentBack, want: 5},
		{name: "by hand between numbered ones", head: numbered, want: 128},
		{name: "the next", head: numbered, given: 129, want: 129},
		{name: "the same again", head: numbered, given: 128, want: 128},
		{name: "an older one", head: numbered, given: 127, fails: true},
		{name: "an older one, let pass", head: numbered, given: 127, allow: true, want: 127},
		{name: "numbered after counted", head: counted, given: 2, want: 2},
		{name: "the next after going back", head: putBack, given: 9, want: 9},
		{name: "the newest once more after going back", head: putBack, given: 8, want: 8},
		{name: "one that an operator went back from", head: putBack, given: 7, fails: true},
		{name: "one that an operator went back from, let pass", head: putBack, given: 7, allow: true, want: 7},
	} {
		got, err := ReleaseNumber(c.head, c.given, c.allow)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %d, %v", c.name, got, err)
		}
	}
}

func TestParseHeadRefuses(t *testing.T) {
	for body, want := range map[string]string{
		``:                                     "corrupt",
		`{}`:                                   "contradict",
		`{"format":9}`:                         "newer version",
		`{"format":1,"fence":-1}`:              "contradict",
		`{"format":1,"live":{"sequence":5}}`:   "contradict",
		`{"format":1,"fence":1,"site":"blog"}`: `holds the site "blog"`,
	} {
		if _, err := ParseHead([]byte(body), "www"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to say %q", body, err, want)
		}
	}
}
