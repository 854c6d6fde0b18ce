package publish

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/text"
)

// reportWaiting says in a line on standard error that a store does not answer, so
// that nobody has to guess why nothing happens.
func reportWaiting(t *terminal.Terminal) func(s3.Waiting) {
	return func(w s3.Waiting) {
		w.Until = w.Until.In(t.Local)
		line := "pressrun: " + text.OneLine(w.String()) + "\n"
		if t.Progress { // what the progress line shows is drawn anew below
			line = terminal.EraseLine + line
		}
		fmt.Fprint(t.Err, line)
	}
}

// waitingLine is a line of --progress json; docs/deploy.md has its fields.
type waitingLine struct {
	Event string    `json:"event"` // "waiting"
	Store string    `json:"store"`
	Why   string    `json:"why"`
	Until time.Time `json:"until"`
}

// waiting returns a function that reports a store that does not answer, in the form of
// the progress; nil with --progress off.
func (f progressFlags) waiting(t *terminal.Terminal) func(s3.Waiting) {
	switch f.Progress {
	case "off":
		return nil
	case "json":
		return func(w s3.Waiting) {
			text, err := json.Marshal(waitingLine{"waiting", w.Store, w.Reason, w.Until.UTC().Truncate(time.Second)})
			if err != nil { // words and a time: it can't fail
				return
			}
			fmt.Fprintf(t.Err, "%s\n", text)
		}
	}
	return reportWaiting(t)
}
