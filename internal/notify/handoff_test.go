package notify_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
)

func TestAHandOffNamesEachEntryOnceAndAThousandAtMost(t *testing.T) {
	r := release.Release{Number: 7, Outcome: release.Succeeded, Watermark: at}
	f := notify.Fact{Type: notify.ContentLive, At: at, Site: site, Release: &r, Requests: 1203}
	for i := range 1200 {
		f.Served = append(f.Served, notify.Request{ID: fmt.Sprint("req_", i), Entity: fmt.Sprint("node/", i)})
	}
	f.Served = append(f.Served, notify.Request{ID: "again", Entity: "node/0", Title: "newer"}, notify.Request{ID: "one"}, notify.Request{ID: "other"})
	var got struct {
		Data struct {
			Entities []struct{ Entity, Title, Request string }
			Complete bool `json:"entities_complete"`
		}
	}
	read := func() {
		body, err := kind(t, "handoff").Body("msg_1", f)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
	}
	if read(); len(got.Data.Entities) != 1000 || got.Data.Complete || got.Data.Entities[0].Entity != "node/1" {
		t.Errorf("%d entries, complete is %v", len(got.Data.Entities), got.Data.Complete)
	}
	f.Served, f.Requests = f.Served[1198:], 5
	if read(); len(got.Data.Entities) != 5 || !got.Data.Complete || got.Data.Entities[2].Title != "newer" {
		t.Errorf("%+v", got.Data)
	}
	if strings.Contains(fmt.Sprint(notify.Types()), "content.") {
		t.Error("hand-offs are told to all targets")
	}
}

// Whatever is sent in whatever order, the watermark that a receiver takes never goes back.
func TestARaisedWatermarkIsTheHighest(t *testing.T) {
	k := kind(t, "handoff")
	rapid.Check(t, func(t *rapid.T) {
		var taken time.Time
		for range rapid.IntRange(1, 20).Draw(t, "hand-offs") {
			r := release.Release{Number: 1, Watermark: at.Add(time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "watermark")) * time.Microsecond)}
			if rapid.Bool().Draw(t, "rollback") {
				r.Watermark = time.Time{}
			}
			body, err := k.Body("m", notify.Fact{Type: notify.ContentLive, At: at, Site: site, Release: &r})
			if err != nil {
				t.Fatal(err)
			}
			_, upto, err := notify.Raise(string(body), taken)
			if err != nil || upto.Before(taken) || upto.Before(r.Watermark) || !upto.Equal(taken) && !upto.Equal(r.Watermark) {
				t.Fatalf("raised to %s, of %s after %s (%v)", upto, r.Watermark, taken, err)
			}
			taken = upto
		}
	})
}
