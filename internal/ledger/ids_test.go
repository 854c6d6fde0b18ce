package ledger

import (
	"slices"
	"testing"
	"time"
)

// newID is an id of a time alone.
func newID(prefix string, now time.Time) string { return new(ids).next(prefix, now) }

func TestIDsSortAsTheyWereMade(t *testing.T) {
	var of ids
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	var all []string
	for i := range 20_000 {
		if i%5_000 == 0 {
			now = now.Add(time.Millisecond)
		}
		all = append(all, of.next("req_", now))
	}
	if !slices.IsSorted(all) {
		t.Error("ids of one millisecond do not sort as they were made")
	}
	if len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Error("an id was given twice")
	}
	if at, ok := timeOf("req_", all[len(all)-1]); !ok || !at.Equal(now) {
		t.Errorf("the last was made at %s (%t), want %s", at, ok, now)
	}
}

func TestWhatIsAskedForAtOnceIsFoundInItsOrder(t *testing.T) {
	l := fresh(t)
	if err := l.writer.act(t.Context(), func(b *batch) error {
		for _, title := range []string{"Page A", "Page B", "Page C", "Page D", "Page E", "Page F"} {
			if _, _, err := b.accept(Request{Site: "www", Title: title}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if found, err := searchFor(t, l, "page"); err != nil || titles(found) != "Page F, Page E, Page D, Page C, Page B, Page A" {
		t.Errorf("found %s, %v", titles(found), err)
	}
}
