package action

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/release"
)

// State is what the steps of one run tell each other. It holds the session's
// credential: the file is for its owner's eyes only.
type State struct {
	Site    string  `json:"site"`
	Run     api.Run `json:"run"`
	Release int64   `json:"release,omitempty"`
	// Session is the credential for this run and release; empty until the
	// claim, and when there is no app.
	Session   string `json:"session,omitempty"`
	Heartbeat int    `json:"heartbeat_seconds,omitempty"`
	// Sequence is that of the last report sent. It is on disk before the
	// report leaves, so that no two reports ever share one.
	Sequence  int64      `json:"sequence,omitempty"`
	Watermark *time.Time `json:"watermark,omitempty"`
	Served    int64      `json:"served,omitempty"`
	// Titles are some of what is served, for the summary.
	Titles []string    `json:"titles,omitempty"`
	Steps  []StepTime  `json:"steps,omitempty"`
	Deploy *DeployDone `json:"deploy,omitempty"`
	// Built describes the build that was checked.
	Built *Built `json:"built,omitempty"`
	// Live is set once the site is known to be live: nothing fails the run
	// from there on.
	Live bool `json:"live,omitempty"`
	// Edge is what became of the CDN; nil when there is none.
	Edge *api.Edge `json:"edge,omitempty"`
	// Reported is the last state that the app has acknowledged.
	Reported release.State `json:"reported,omitempty"`
	Outcome  Outcome       `json:"outcome,omitempty"`
	Why      string        `json:"why,omitempty"`
	Fault    release.Fault `json:"fault,omitempty"`
	// Untold says that the app could not be told of the failure.
	Untold bool `json:"untold,omitempty"`
	// Pending are states that the app could not be told of.
	Pending []string `json:"pending,omitempty"`
}

// StepTime is how long a step took and how it ended.
type StepTime = api.StepTime

// Built describes a built site.
type Built struct {
	Files int64 `json:"files"`
	Pages int64 `json:"pages"`
	Bytes int64 `json:"bytes"`
}

// DeployDone is what a deploy changed.
type DeployDone struct {
	Release  int64 `json:"release"`
	Sequence int64 `json:"sequence"`
	// Committed says that the destination shows the release.
	Committed     bool      `json:"committed"`
	Commit        string    `json:"commit,omitempty"`
	At            time.Time `json:"at,omitzero"`
	Uploaded      int64     `json:"uploaded"`
	UploadedBytes int64     `json:"uploaded_bytes"`
	HeadersOnly   int64     `json:"headers_only"`
	Deleted       int64     `json:"deleted"`
	Unchanged     int64     `json:"unchanged"`
	Changed       []string  `json:"changed,omitempty"`
	Warnings      []string  `json:"warnings,omitempty"`
	// Sample are changed pages as the public has to see them.
	Sample []cdn.Expectation `json:"sample,omitempty"`
}

// Outcome is how a run ended.
type Outcome string

// The outcomes. EdgePending: live at the origin, while the CDN may still show
// what was replaced. Duplicate: another run has the release, or had it.
// Nothing: there was nothing to release.
const (
	OutcomeLive        Outcome = "live"
	OutcomeEdgePending Outcome = "edge_pending"
	OutcomeDone        Outcome = "done"
	OutcomeDuplicate   Outcome = "duplicate"
	OutcomeNothing     Outcome = "nothing"
	OutcomeFailed      Outcome = "failed"
	OutcomeCancelled   Outcome = "cancelled"
	OutcomeTakenAway   Outcome = "taken_away"
	OutcomeNotReady    Outcome = "not_ready"
)

// idle says that the run has nothing to do.
func (o Outcome) idle() bool { return o == OutcomeDuplicate || o == OutcomeNothing }

// ReadState reads a state file; fs.ErrNotExist when there is none.
func ReadState(path string) (State, error) {
	var s State
	text, err := os.ReadFile(path)
	if err != nil {
		return s, fmt.Errorf("read the run's state: %w", err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read the run's state in %s: %w", path, err)
	}
	return s, nil
}

func readStateOrNone(path string) (State, error) {
	s, err := ReadState(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	return s, err
}

// write keeps the state: whole or not at all, and on disk before it returns.
func (s State) write(path string) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("write the run's state: %w", err)
	}
	if err := writeFile(path, append(text, '\n')); err != nil {
		return fmt.Errorf("write the run's state: %w", err)
	}
	return nil
}

// writeFile makes or replaces a private file, whole or not at all, and the folder
// for it.
func writeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(path, text)
}
