package publish

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy"
)

// middle is an event of a deploy half way through its pages.
var middle = deploy.Event{
	Phase: "pages", Done: 50, Total: 100, Bytes: 5e6, TotalBytes: 1e7, Elapsed: 12 * time.Second,
	All: deploy.Amount{Done: 150, Total: 300, Bytes: 1e7, TotalBytes: 2e7}, Writing: 10 * time.Second,
}

func TestProgressIsToldAsItsReaderNeedsIt(t *testing.T) {
	whole := middle
	whole.Done = 100
	for _, c := range []struct {
		how             string
		terminal, quiet bool
		want            string
	}{
		{"auto", true, false, "pages: 50 of 100 files, 5.0 MB of 10.0 MB, 15 files/s, 1.0 MB/s, about 10s left"},
		{"auto", false, true, ""},
		{"off", true, false, ""},
		{"auto", false, false, "12s  pages: 100 of 100 files, 5.0 MB of 10.0 MB, 15 files/s, 1.0 MB/s, about 10s left\n"},
		{"plain", true, true, "12s  pages: 100 of 100 files, 5.0 MB of 10.0 MB, 15 files/s, 1.0 MB/s, about 10s left\n"},
		{"json", true, false, `{"event":"progress","phase":"pages","done":50,"total":100,"bytes":5000000,"total_bytes":10000000,` +
			`"all":{"done":150,"total":300,"bytes":10000000,"total_bytes":20000000},"elapsed_seconds":12,"bytes_per_second":1000000,"left_seconds":10}` + "\n"},
	} {
		var out bytes.Buffer
		at := time.Unix(0, 0)
		term := &terminal.Terminal{Err: &out, Progress: c.terminal, Now: func() time.Time { return at }}
		tell, end := progressFlags{c.how}.reporter(term, c.quiet)
		tell(middle)
		if strings.HasPrefix(c.want, "12s") {
			tell(whole) // in plain progress, only the end of a phase counts
		}
		if got := out.String(); !strings.HasSuffix(got, c.want) || (c.want == "" && got != "") {
			t.Errorf("%s, terminal %v, quiet %v: %q", c.how, c.terminal, c.quiet, got)
		}
		end()
	}
}

func TestPlainProgressSpeaksUpInALongPhase(t *testing.T) {
	var out bytes.Buffer
	at := time.Unix(0, 0)
	tell := plainProgress(&terminal.Terminal{Err: &out, Now: func() time.Time { return at }})
	for range 100 {
		at = at.Add(time.Second)
		tell(middle)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines in 100 s:\n%s", n, out.String())
	}
}
