package copying

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/content/export"
)

// progressFlags say how an export tells, on standard error, how it gets on.
type progressFlags struct {
	Progress string `enum:"auto,plain,json,off" default:"auto" placeholder:"HOW" help:"How to tell on standard error how it gets on: auto (a line on a terminal, else plain, with --json nothing), plain, json (an event a line), off."`
}

const (
	// plainEvery is how often plain progress writes a line, and drawnEvery how often a
	// terminal's line is drawn: answers come by the hundred.
	plainEvery, drawnEvery = 30 * time.Second, 100 * time.Millisecond
)

// reporter is what tells an export's progress, and what ends that.
func (f progressFlags) reporter(t *terminal.Terminal, quiet bool) (tell func(export.Progress), end func()) {
	nothing := func() {}
	switch {
	case f.Progress == "json":
		return export.Throttle(t.Now, time.Second, func(p export.Progress) { writeEvent(t, p) }), nothing
	case f.Progress == "auto" && t.Progress:
		line := terminal.NewProgress(t)
		return export.Throttle(t.Now, drawnEvery, func(p export.Progress) { line.Show(p.String()) }), line.Clear
	case f.Progress == "plain", f.Progress == "auto" && !quiet:
		return export.Throttle(t.Now, plainEvery, func(p export.Progress) {
			fmt.Fprintf(t.Err, "%s  %s\n", p.Elapsed.Round(time.Second), p.String())
		}), nothing
	}
	return func(export.Progress) {}, nothing
}

// eventLine is one line of --progress json.
type eventLine struct {
	Event          string   `json:"event"` // "progress"
	Phase          string   `json:"phase"`
	Done           int      `json:"done"`
	Total          int      `json:"total"`
	Records        int      `json:"records"`
	ElapsedSeconds float64  `json:"elapsed_seconds"`
	LeftSeconds    *float64 `json:"left_seconds,omitempty"`
}

func writeEvent(t *terminal.Terminal, p export.Progress) {
	line := eventLine{Event: "progress", Phase: p.Phase, Done: p.Done, Total: p.Total, Records: p.Records, ElapsedSeconds: tenths(p.Elapsed)}
	if left, ok := p.Left(); ok {
		seconds := tenths(left)
		line.LeftSeconds = &seconds
	}
	words, err := json.Marshal(line)
	if err != nil { // numbers and a name: it can't fail
		return
	}
	fmt.Fprintf(t.Err, "%s\n", words)
}

func tenths(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 }
