package preview

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func TestAPreviewGoesWhenItsTimeIsOver(t *testing.T) {
	building, err := Begin(nil, "a", Ask{Ref: "a"}, start)
	if err != nil {
		t.Fatal(err)
	}
	ready := Finish(building, Last, 3, 100, start.Add(time.Minute))
	removing := ready
	removing.State = Removing
	removed := ready
	removed.State = Removed
	for _, c := range []struct {
		name  string
		r     Record
		after time.Duration
		want  Act
	}{
		{"just built", ready, time.Hour, Leave},
		{"a moment before", ready, DefaultLife - 1, Leave},
		{"its time is over", ready, DefaultLife, Remove},
		{"being built", building, time.Hour, Leave},
		{"a build that died", building, BuildLimit, Remove},
		{"a removal that died", removing, time.Minute, Remove},
		{"its name is its own", removed, Reserve, Leave},
		{"long gone", removed, Reserve + time.Minute, Forget},
	} {
		if got, why := Due(c.r, start.Add(c.after)); got != c.want || (got == Leave) != (why == "") {
			t.Errorf("%s: %s (%s), want %s", c.name, got, why, c.want)
		}
	}
}

func TestANameIsOneBranchs(t *testing.T) {
	r, err := Begin(nil, "a", Ask{Ref: "a"}, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []State{Building, Ready, Removing, Removed} {
		r.State = state
		var conflict *Conflict
		if _, err := Begin(&r, "a", Ask{Ref: "b"}, start); !errors.As(err, &conflict) {
			t.Errorf("%s: another branch got the name: %v", state, err)
		}
		_, err := Begin(&r, "a", Ask{Ref: "a"}, start)
		if errors.As(err, &conflict) != (state == Removing) {
			t.Errorf("%s: its own branch got %v", state, err)
		}
	}
}

func TestAPushKeepsWhatWasAskedForBefore(t *testing.T) {
	r, err := Begin(nil, "a", Ask{Ref: "a", Locked: true, Life: 60 * day}, start)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Begin(&r, "a", Ask{Ref: "a", Commit: "c2"}, start.Add(day))
	if err != nil || !again.Locked || !again.Expires.Equal(start.Add(60*day)) || again.Commit != "c2" || !again.Created.Equal(start) {
		t.Errorf("got %+v, %v", again, err)
	}
	gone := Finish(r, Last, 1, 1, start)
	gone.State = Removed
	anew, err := Begin(&gone, "a", Ask{Ref: "a"}, start.Add(day))
	if err != nil || anew.Locked || !anew.Created.Equal(start.Add(day)) || !anew.Expires.Equal(start.Add(day+DefaultLife)) {
		t.Errorf("after its removal: %+v, %v", anew, err)
	}
}

func TestALifeHasItsBounds(t *testing.T) {
	for _, life := range []time.Duration{-1, MaxLife + 1} {
		if _, err := Begin(nil, "a", Ask{Ref: "a", Life: life}, start); err == nil {
			t.Errorf("a life of %s was granted", life)
		}
	}
	r, _ := Begin(nil, "a", Ask{Ref: "a", Life: MaxLife}, start)
	if _, err := Extend(r, MaxLife, nil, start.Add(day)); err != nil {
		t.Error(err)
	}
	r.State = Removed
	if _, err := Extend(r, day, nil, start); err == nil {
		t.Error("a removed preview was extended")
	}
}

func TestAQuotaTakesTheOldestThatNobodyLocked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 8).Draw(t, "previews")
		var all []Record
		for i := range n {
			all = append(all, Record{
				Name:    string(rune('a' + i)),
				State:   rapid.SampledFrom([]State{Building, Ready, Removing, Removed}).Draw(t, "state"),
				Locked:  rapid.Bool().Draw(t, "locked"),
				Updated: start.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "age")) * time.Hour),
				Bytes:   int64(rapid.IntRange(0, 50).Draw(t, "bytes")),
			})
		}
		q := Quota{Count: rapid.IntRange(0, 5).Draw(t, "count"), Bytes: int64(rapid.IntRange(0, 100).Draw(t, "most bytes"))}
		gone, err := q.Evict(all, "new")
		is := map[string]bool{}
		var youngest time.Time
		for _, r := range gone {
			if r.Locked || r.State != Ready {
				t.Fatalf("%+v would be removed", r)
			}
			is[r.Name] = true
			youngest = later(youngest, r.Updated)
		}
		count, bytes := 0, int64(0)
		for _, r := range all {
			if r.Stands() && !is[r.Name] {
				count++
				bytes += r.Bytes
				if err == nil && r.State == Ready && !r.Locked && r.Updated.Before(youngest) {
					t.Fatalf("%s is older than what would be removed", r.Name)
				}
			}
		}
		fits := (q.Count == 0 || count+1 <= q.Count) && (q.Bytes == 0 || bytes < q.Bytes)
		if err == nil && !fits {
			t.Fatalf("%d previews of %d bytes would stand beside the new one, of %+v", count, bytes, q)
		}
		if len(gone) == 0 && err != nil && fits {
			t.Fatalf("refused, though all fits: %v", err)
		}
	})
}

func TestDraftsAreMarkedAsLongAsAnyAreThere(t *testing.T) {
	r, _ := Begin(nil, "a", Ask{Ref: "a", Content: Drafts}, start)
	r = Finish(r, Drafts, 1, 1, start)
	r, err := Begin(&r, "a", Ask{Ref: "a", Content: Last}, start)
	if err != nil || r.Content != Drafts {
		t.Errorf("while the drafts are being replaced the preview is said to have %q, %v", r.Content, err)
	}
	if r = Finish(r, Last, 1, 1, start); r.Content != Last {
		t.Errorf("once they are replaced it is said to have %q", r.Content)
	}
}
