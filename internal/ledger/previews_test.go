package ledger

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestAPreviewIsWrittenInThePlaceOfWhatWasRead(t *testing.T) { tourOfPreviews(t, fresh(t)) }

func tourOfPreviews(t *testing.T, l *Ledger) {
	t.Helper()
	ctx := t.Context()
	at := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	one := Preview{Site: "www", Number: 12, Doc: "{}", Due: at}
	if err := l.Previews().Put(ctx, one); err != nil {
		t.Fatal(err)
	}
	if err := l.Previews().Put(ctx, one); !errors.Is(err, ErrPreviewChanged) {
		t.Errorf("one that is there already is new: %v", err)
	}
	got, ok, err := l.Previews().Get(ctx, "www", 12)
	if err != nil || !ok || got.Version != 1 || got.Doc != "{}" || !got.Due.Equal(at) {
		t.Fatalf("read %+v, %v, %v", got, ok, err)
	}
	got.Doc, got.Due = `{"a":1}`, at.Add(time.Hour)
	if err := l.Previews().Put(ctx, got); err != nil {
		t.Fatal(err)
	}
	if err := l.Previews().Put(ctx, got); !errors.Is(err, ErrPreviewChanged) {
		t.Errorf("written over a newer one: %v", err)
	}
	if err := l.Previews().Drop(ctx, got); !errors.Is(err, ErrPreviewChanged) {
		t.Errorf("a newer one was dropped: %v", err)
	}
	for by, want := range map[time.Time]int{at: 0, at.Add(time.Hour): 1} {
		if due, err := l.Previews().Due(ctx, by, 10); err != nil || len(due) != want {
			t.Errorf("due by %s: %+v, %v", by, due, err)
		}
	}
	if err := l.Read(ctx, func(ctx context.Context, s *Snapshot) error {
		all, err := s.Previews(ctx, "www", 10)
		if len(all) != 1 || all[0].Doc != got.Doc {
			t.Errorf("in a snapshot there are %+v", all)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	// Of many at once that must stand alone, one is written.
	alone := func(others []Preview) error {
		for _, o := range others {
			if o.Number != got.Number {
				return errors.New("not beside another one")
			}
		}
		return nil
	}
	written, letGo := make(chan error), holdUp(t, l)
	for n := range int64(8) {
		go func() {
			written <- l.Previews().PutBeside(ctx, Preview{Site: "www", Number: 20 + n, Doc: "{}", Due: at}, alone)
		}()
	}
	inLine(t, l, 8)
	letGo()
	var good int
	for range 8 {
		if err := <-written; err == nil {
			good++
		} else if !strings.Contains(err.Error(), "beside another one") {
			t.Error(err)
		}
	}
	both, err := l.Previews().Of(ctx, "www", 10)
	if err != nil || good != 1 || len(both) != 2 {
		t.Fatalf("%d were written, and there are %+v (%v)", good, both, err)
	}
	if err := l.Previews().Drop(ctx, both[0]); err != nil {
		t.Error(err)
	}
	got.Version++
	if err := l.Previews().Drop(ctx, got); err != nil {
		t.Error(err)
	}
	if all, err := l.Previews().Of(ctx, "www", 10); err != nil || len(all) > 0 {
		t.Errorf("left are %+v, %v", all, err)
	}
}
