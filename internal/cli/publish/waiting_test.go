package publish

import (
	"bytes"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/s3"
)

func TestHowAWaitIsToldDependsOnTheProgress(t *testing.T) {
	w := s3.Waiting{Store: "http://s3\n", Reason: "it refuses connections", Until: time.Date(2026, 1, 2, 3, 4, 5, 6e8, time.FixedZone("X", 3600))}
	for _, c := range []struct {
		how    string
		screen bool
		want   string
	}{
		{"auto", false, "pressrun: waiting for the store at http://s3 : it refuses connections; trying until about 02:04:05 UTC\n"},
		{"auto", true, terminal.EraseLine + "pressrun: waiting for the store at http://s3 : it refuses connections; trying until about 02:04:05 UTC\n"},
		{"json", false, `{"event":"waiting","store":"http://s3\n","why":"it refuses connections","until":"2026-01-02T02:04:05Z"}` + "\n"},
		{"off", false, ""},
	} {
		var b bytes.Buffer
		tell := progressFlags{c.how}.waiting(&terminal.Terminal{Err: &b, Progress: c.screen, Local: time.UTC})
		if tell != nil {
			tell(w)
		}
		if b.String() != c.want {
			t.Errorf("%s: %q, want %q", c.how, b.String(), c.want)
		}
	}
}
