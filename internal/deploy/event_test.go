package deploy

import (
	"testing"
	"time"
)

func TestTheTimeLeftIsToldOnceItCanBe(t *testing.T) {
	for _, c := range []struct {
		name    string
		event   Event
		left    time.Duration
		ok      bool
		atleast float64
	}{
		{"no writes", Event{Phase: "read", Elapsed: time.Minute}, 0, false, 0},
		{"too early", Event{All: Amount{Done: 50, Total: 100}, Writing: 999 * time.Millisecond}, 0, false, 0},
		{"too little", Event{All: Amount{Done: 1, Total: 200}, Writing: time.Minute}, 0, false, 0},
		{"half of the files", Event{All: Amount{Done: 50, Total: 100}, Writing: 8 * time.Second}, 8 * time.Second, true, 6},
		{"a quarter of the bytes", Event{All: Amount{Bytes: 1 << 40, TotalBytes: 4 << 40}, Writing: 10 * time.Second}, 30 * time.Second, true, 0},
		{"all", Event{All: Amount{Done: 9, Total: 9}, Writing: 3 * time.Second}, 0, true, 3},
	} {
		left, ok := c.event.Remaining()
		if ok != c.ok || (left-c.left).Abs() > time.Millisecond {
			t.Errorf("%s: %s, %v; want %s, %v", c.name, left, ok, c.left, c.ok)
		}
		if _, files, _ := c.event.Rate(); files < c.atleast {
			t.Errorf("%s: %.1f files a second", c.name, files)
		}
	}
}
