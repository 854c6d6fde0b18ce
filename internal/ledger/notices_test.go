package ledger

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// tourOfHandOffs uses what the ledger does for hand-offs.
func tourOfHandOffs(t *testing.T, l *Ledger, to NoticeTarget, tell func(error, ...any)) {
	t.Helper()
	ctx, mark := t.Context(), time.UnixMicro(1_780_000_000_000_000).UTC()
	know := func() {
		h, err := l.Handed(ctx, to)
		tell(err, h.Watermark.Unix(), h.Late.IsZero(), h.Oldest.IsZero(), h.Waiting, h.Undelivered, h.Last.ID, h.Last.Answer)
	}
	know()
	one := Notice{ID: "h", Target: to, Type: "content.live", Body: "{}", Until: time.Now().Add(time.Hour), Watermark: mark}
	tell(l.Notices().Put(ctx, one))
	for range 2 { // told once
		tell(l.Notices().Late(ctx, to, true, "it is late"))
	}
	know()
	tell(l.Notices().Late(ctx, to, false, "it is not"))
	for _, at := range []time.Time{mark, mark.Add(-time.Hour)} { // never back
		tell(l.Notices().Delivered(ctx, one, Taken{Status: 200, Answer: "sent", Watermark: at}))
		know()
	}
	if unknown, err := l.Handed(ctx, NoticeTarget{"docs", "none"}); err != nil || !unknown.Watermark.IsZero() {
		t.Errorf("of nobody it is known that %+v (%v)", unknown, err)
	}
}

// tourOfNotices uses all that the ledger does for notices.
func tourOfNotices(t *testing.T, l *Ledger) []string {
	t.Helper()
	ctx := t.Context()
	var told []string
	tell := func(err error, words ...any) { told = append(told, fmt.Sprintln(append(words, err)...)) }
	to, until := NoticeTarget{"docs", "cms"}, time.Now().Add(time.Hour)
	tell(l.Notices().Begin(ctx, "docs", []string{"cms", "slack"}))
	from, err := l.NoticeCursor(ctx, to)
	tell(err, from.Place)
	upto := NoticeCursor{Event: from.Event, Place: 2, Memory: "{}"}
	made := []Notice{{ID: "a", Type: "release.live", Release: 1, Body: "{}", Until: until}, {ID: "b", Type: "request.live", Request: "r", Body: "{}", Until: until}}
	for range 2 { // the second time its cursor has moved on
		tell(l.Notices().Make(ctx, to, from, upto, made))
	}
	moved, err := l.NoticeCursor(ctx, to)
	tell(err, moved.Place, moved.Memory)
	tell(l.Notices().Put(ctx, Notice{ID: "c", Target: to, Type: "test", Body: "{}", Until: until}))
	for _, id := range []string{"a", "b", "c"} {
		first, waits, err := l.FirstNotice(ctx, to)
		tell(err, waits, first.ID, first.Type, first.Release, first.Request, first.Body, first.State, first.Tries)
		switch id {
		case "a":
			tell(l.Notices().Failed(ctx, first, 500, "no", time.Now()))
			for _, place := range []string{"", "C1/17.1", "C1/17.2"} {
				tell(l.Notices().Delivered(ctx, first, Taken{Status: 204, Place: place}))
				found, err := l.NoticePlace(ctx, to, first.Release)
				tell(err, found)
			}
			tell(l.Notices().Lost(ctx, to, first.Release))
			found, err := l.NoticePlace(ctx, to, first.Release)
			tell(err, found)
		case "b":
			tell(l.Notices().GaveUp(ctx, first, 410, "gone"))
		}
	}
	tourOfHandOffs(t, l, to, tell)
	for _, id := range []string{"b", "c", "none"} {
		n, err := l.Notices().Replay(ctx, id, "ops", until)
		tell(err, n.ID, n.State, n.Tries)
	}
	tell(l.Read(ctx, func(ctx context.Context, s *Snapshot) error {
		all, err := s.Notices(ctx, "docs", NoticeFilter{}, 10)
		tell(err, len(all))
		all, err = s.Notices(ctx, "docs", NoticeFilter{Target: "cms", State: NoticeDelivered}, 10)
		tell(err, len(all), all[0].Status, all[0].Tries)
		_, err = s.Notice(ctx, "docs", "none")
		tell(err)
		n, err := s.Notice(ctx, "docs", "b")
		tell(err, n.State)
		return nil
	}))
	n, err := l.CountNotices(ctx, NoticeTarget{Site: "docs"}, NoticeWaiting)
	tell(err, n)
	tell(l.Notices().Begin(ctx, "docs", []string{"slack"}))
	n, err = l.CountNotices(ctx, to, NoticeUndelivered)
	tell(err, n)
	requests, err := l.RequestsInLine(ctx, "www", 0, 2, 10)
	tell(err, len(requests), requests[0].Place)
	return told
}

func TestNoticesAreKeptForAWhileAndReplayedAtTheEndOfTheLine(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{})
	ask(t, l, Request{})
	told := tourOfNotices(t, l)
	if len(told) < 20 {
		t.Fatal(told)
	}
	ctx, to := t.Context(), NoticeTarget{"docs", "cms"}
	if err := l.Notices().Begin(ctx, "docs", []string{"cms"}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"d", "e"} {
		if err := l.Notices().Put(ctx, Notice{ID: id, Target: to, Type: "test", Body: "{}"}); err != nil {
			t.Fatal(err)
		}
	}
	first, _, err := l.FirstNotice(ctx, to)
	if err != nil || first.ID != "d" {
		t.Fatalf("the first is %q (%v)", first.ID, err)
	}
	if err := l.Notices().GaveUp(ctx, first, 0, "down"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Notices().Replay(ctx, "d", "ops", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if first, _, err := l.FirstNotice(ctx, to); err != nil || first.ID != "e" {
		t.Errorf("what was replayed comes before what waited: %q (%v)", first.ID, err)
	}
	kept := map[string]bool{}
	if err := l.writer.act(ctx, func(b *batch) error {
		b.now = b.now.Add(8 * 24 * time.Hour)
		return putNotices(b, to, nil)
	}); err != nil {
		t.Fatal(err)
	}
	if err := l.Read(ctx, func(ctx context.Context, s *Snapshot) error {
		all, err := s.Notices(ctx, "docs", NoticeFilter{}, 100)
		for _, n := range all {
			kept[n.ID] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if kept["a"] || !kept["b"] || !kept["e"] {
		t.Errorf("after 8 days %v are kept", kept)
	}
}

func TestANewTargetIsToldOfWhatHappensFromThenOn(t *testing.T) {
	l := fresh(t)
	if _, err := l.Decide(t.Context(), "www", release.PauseSite{Act: release.Act{By: "ops"}}); err != nil {
		t.Fatal(err)
	}
	if err := l.Notices().Begin(t.Context(), "www", []string{"cms"}); err != nil {
		t.Fatal(err)
	}
	last, err := l.LastEvent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := l.NoticeCursor(t.Context(), NoticeTarget{"www", "cms"})
	if err != nil || cursor.Event != last || last == 0 {
		t.Errorf("it begins after event %d, the last is %d (%v)", cursor.Event, last, err)
	}
}
