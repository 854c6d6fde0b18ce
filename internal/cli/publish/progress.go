package publish

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/text"
)

// progressFlags say how a deploy writes its progress on standard error.
type progressFlags struct {
	Progress string `enum:"auto,plain,json,off" default:"auto" placeholder:"HOW" help:"How to tell on standard error how it gets on: auto (a line on a terminal, else plain, with --json nothing), plain, json (an event a line), off."`
}

// plainEvery is how often plain progress writes a line within one phase: a CI
// log is read later, and kept.
const plainEvery = 30 * time.Second

// reporter returns a function that writes a deploy's progress, and one that removes the
// progress line.
func (f progressFlags) reporter(t *terminal.Terminal, quiet bool) (report func(deploy.Event), end func()) {
	nothing := func() {}
	switch {
	case f.Progress == "json":
		return func(e deploy.Event) { writeEvent(t, e) }, nothing
	case f.Progress == "auto" && t.Progress:
		line := terminal.NewProgress(t)
		return func(e deploy.Event) { line.Show(inWords(e)) }, line.Clear
	case f.Progress == "plain", f.Progress == "auto" && !quiet:
		return plainProgress(t), nothing
	}
	return func(deploy.Event) {}, nothing
}

// plainProgress writes a line at the end of each phase, and now and then in a
// long one.
func plainProgress(t *terminal.Terminal) func(deploy.Event) {
	last, ended := t.Now(), ""
	return func(e deploy.Event) {
		now := t.Now()
		if (e.Total == 0 || e.Done < e.Total) && now.Sub(last) < plainEvery {
			return
		}
		if e.Done == e.Total && e.Total > 0 {
			if ended == e.Phase {
				return // written already: a quick phase ends with two events
			}
			ended = e.Phase
		}
		last = now
		fmt.Fprintf(t.Err, "%s  %s\n", e.Elapsed.Round(time.Second), text.OneLine(inWords(e)))
	}
}

// inWords is an event for people: the phase, its rate, and the time left of the whole.
func inWords(e deploy.Event) string {
	if e.Total == 0 {
		return e.Phase
	}
	words := fmt.Sprintf("%s: %d of %s", e.Phase, e.Done, text.Count(e.Total, "file"))
	if e.Done == 0 || e.Bytes > 0 { // copies within the store send nothing
		words += fmt.Sprintf(", %s of %s", text.Bytes(e.Bytes), text.Bytes(e.TotalBytes))
	}
	if bytes, files, ok := e.Rate(); ok {
		words += fmt.Sprintf(", %.0f files/s, %s/s", files, text.Bytes(int64(bytes)))
	}
	if left, ok := e.Remaining(); ok && e.All.Done < e.All.Total {
		words += ", about " + left.Round(time.Second).String() + " left"
	}
	return words
}

// eventLine is one line of --progress json; docs/deploy.md has its fields.
type eventLine struct {
	Event          string        `json:"event"` // "progress"
	Phase          string        `json:"phase"`
	Done           int           `json:"done"`
	Total          int           `json:"total"`
	Bytes          int64         `json:"bytes"`
	TotalBytes     int64         `json:"total_bytes"`
	All            deploy.Amount `json:"all"`
	ElapsedSeconds float64       `json:"elapsed_seconds"`
	BytesPerSecond *int64        `json:"bytes_per_second,omitempty"`
	LeftSeconds    *float64      `json:"left_seconds,omitempty"`
}

func writeEvent(t *terminal.Terminal, e deploy.Event) {
	line := eventLine{
		Event: "progress", Phase: e.Phase, Done: e.Done, Total: e.Total, Bytes: e.Bytes, TotalBytes: e.TotalBytes, All: e.All,
		ElapsedSeconds: tenths(e.Elapsed),
	}
	if bytes, _, ok := e.Rate(); ok {
		rate := int64(bytes)
		line.BytesPerSecond = &rate
	}
	if left, ok := e.Remaining(); ok {
		seconds := tenths(left)
		line.LeftSeconds = &seconds
	}
	text, err := json.Marshal(line)
	if err != nil { // numbers and a name: it can't fail
		return
	}
	fmt.Fprintf(t.Err, "%s\n", text)
}

func tenths(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 }

// ProgressFlags are the progress flags for commands of other packages that deploy.
type ProgressFlags struct{ progressFlags }

// Reporter returns a function that writes a deploy's progress, and one that removes the
// progress line. With quiet, it writes nothing unless a flag asks for it.
func (f ProgressFlags) Reporter(t *terminal.Terminal, quiet bool) (report func(deploy.Event), end func()) {
	return f.reporter(t, quiet)
}
