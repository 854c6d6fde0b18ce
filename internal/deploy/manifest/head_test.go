package manifest

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
