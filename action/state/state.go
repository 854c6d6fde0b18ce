// Package state has the state that the steps of one run share, and the file that stores it.
package state

import (
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/release"
)

// State is the state that the steps of one run share. It has the session's credential: the
// file is readable by its owner only.
type State struct {
	Site    string  `json:"site"`
	Run     api.Run `json:"run"`
	Release int64   `json:"release,omitempty"`
	// RollbackTo is the release that is put back; 0 for one that is built.
	RollbackTo int64 `json:"rollback_to,omitempty"`
	// Allowed are guards that are let pass in this release alone; nil for none.
	Allowed *api.Allowed `json:"allowed,omitempty"`
	// Session is the credential for this run and release; empty until the
	// claim, and when there is no app.
	Session   string `json:"session,omitempty"`
	Heartbeat int    `json:"heartbeat_seconds,omitempty"`
	// Sequence is that of the last report. It is on disk before the report is sent, so
	// that no two reports have the same.
	Sequence  int64      `json:"sequence,omitempty"`
	Watermark *time.Time `json:"watermark,omitempty"`
	// LastLive is when the release went live that was live when this one was claimed;
	// Attempts counts the releases since then, with this one. Without an app neither is
	// known.
	LastLive *time.Time `json:"last_live,omitempty"`
	Attempts int        `json:"attempts,omitempty"`
	// TraceParent is the span of the release; empty if it is not traced.
	TraceParent string `json:"traceparent,omitempty"`
	Served      int64  `json:"served,omitempty"`
	// Titles are those of some served requests, for the summary.
	Titles []string    `json:"titles,omitempty"`
	Steps  []StepTime  `json:"steps,omitempty"`
	Deploy *DeployDone `json:"deploy,omitempty"`
	// Content is the copy of the CMS's content that the build reads; nil for none.
	Content *Content `json:"content,omitempty"`
	// Baked sums up the bake that made the site; nil for none.
	Baked *api.Baked `json:"baked,omitempty"`
	// Built describes the build that was checked.
	Built *Built `json:"built,omitempty"`
	// Live is set once the site is known to be live: nothing fails the run from then on.
	Live bool `json:"live,omitempty"`
	// Edge is the state of the CDN; nil for none.
	Edge *api.Edge `json:"edge,omitempty"`
	// Reported is the last state that the app has acknowledged.
	Reported release.State `json:"reported,omitempty"`
	Outcome  Outcome       `json:"outcome,omitempty"`
	Why      string        `json:"why,omitempty"`
	Fault    release.Fault `json:"fault,omitempty"`
	// Guards are those that stopped the release.
	Guards []string `json:"guards,omitempty"`
	// Untold says that the failure could not be reported to the app.
	Untold bool `json:"untold,omitempty"`
	// Pending are the states that could not be reported to the app.
	Pending []string `json:"pending,omitempty"`
	// Unsent says which systems did not take the run's figures, and why.
	Unsent []string `json:"unsent,omitempty"`
}

// StepTime is how long a step took and how it ended.
type StepTime = api.StepTime

// Content is a copy of a CMS's content that a build reads.
type Content struct {
	// Folder is the folder of the snapshot, an absolute path.
	Folder   string `json:"folder"`
	Snapshot string `json:"snapshot"`
	Digest   string `json:"digest"`
	// Watermark is the instant just before the content was read, by the CMS's clock.
	Watermark   time.Time           `json:"watermark"`
	Consistency content.Consistency `json:"consistency"`
	// Records is the number of its records; the others count the differences from the
	// snapshot before.
	Records   int  `json:"records"`
	Added     int  `json:"added"`
	Changed   int  `json:"changed"`
	Removed   int  `json:"removed"`
	Unchanged bool `json:"unchanged,omitempty"`
}

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
	// Sample are some changed pages, to be looked at through the public address.
	Sample []verify.Expectation `json:"sample,omitempty"`
}

// Outcome is the outcome of a run.
type Outcome string

// The outcomes. EdgePending: live at the origin, while the CDN may still show replaced
// files. Duplicate: another run has the release, or had it.
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

// Idle says that the run has nothing to do.
func (o Outcome) Idle() bool { return o == OutcomeDuplicate || o == OutcomeNothing }

// Unpublished says that the run failed before its site was seen to be live.
func (o Outcome) Unpublished() bool {
	return o == OutcomeFailed || o == OutcomeCancelled || o == OutcomeNotReady
}

// EdgePending says whether the CDN may still show replaced files.
func (s State) EdgePending() bool { return s.Edge != nil && s.Edge.State == api.EdgePending }

// Deployed says whether the destination shows the release.
func (s State) Deployed() bool { return s.Deploy != nil && s.Deploy.Committed }

// AppAwaitsLive says whether the app waits for the report that the site is live.
func (s State) AppAwaitsLive() bool { return s.Session != "" && s.Reported == release.InProgress }

// Number is the release's number, given by the app or else by the deploy.
func (s State) Number() int64 {
	if s.Release == 0 && s.Deploy != nil {
		return s.Deploy.Release
	}
	return s.Release
}
