package api

import (
	"cmp"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// ClaimInput is a run's claim of a release. A run that the app dispatched gives the
// release and the token that it was started with; any other gives neither and asks for
// the site's turn.
type ClaimInput struct {
	Release int64  `json:"release,omitempty" minimum:"0"`
	Token   string `json:"token,omitempty" maxLength:"200"`
	Run     Run    `json:"run"`
}

// ClaimResult grants a release to a run.
type ClaimResult struct {
	Release int64         `json:"release"`
	State   release.State `json:"state" enum:"ready,requested,dispatched,starting,in_progress,complete"`
	// Session is the bearer token for the run's further calls. It is valid for this run
	// and release only.
	Session string `json:"session"`
	// HeartbeatSeconds is how often the run should say that it lives.
	HeartbeatSeconds int `json:"heartbeat_seconds"`
	// Sequence is that of the last report of this attempt, 0 when there was none. Jobs of
	// one run do not know each other's reports: each continues from here.
	Sequence int64 `json:"sequence"`
	// RollbackTo is the number of the earlier release that the run puts back in
	// place of building one.
	RollbackTo int64 `json:"rollback_to,omitempty"`
	// Allowed are guards that an operator lets pass in this release, and no other.
	Allowed *Allowed `json:"allowed,omitempty"`
	// LastLiveAt is when the release that is live now went live; left out before the
	// first. Attempts counts the releases since then, the granted one among them.
	LastLiveAt *time.Time `json:"last_live_at,omitempty"`
	Attempts   int        `json:"attempts,omitempty"`
	// TraceParent is the span of the whole release, as W3C Trace Context writes it, where
	// the site's releases are traced.
	TraceParent string `json:"traceparent,omitempty" maxLength:"55"`
}

// ReportInput reports that a run entered a state. Sequence is at least 1 and grows with
// each report of a run, so that a late or repeated report changes nothing.
type ReportInput struct {
	Run      Run           `json:"run"`
	Sequence int64         `json:"sequence" minimum:"1"`
	State    release.State `json:"state" enum:"starting,in_progress,complete,ready"`
	Note     string        `json:"note,omitempty" maxLength:"1000"`
}

// ReportResult acknowledges a report. For In Progress it carries the
// watermark and the requests that the release serves.
type ReportResult struct {
	Release   int64         `json:"release"`
	State     release.State `json:"state" enum:"ready,requested,dispatched,starting,in_progress,complete"`
	Watermark *time.Time    `json:"watermark,omitempty"`
	// Requests are the newest of the served requests, at most MaxServed;
	// RequestsTotal is how many there are.
	Requests      []Request `json:"requests,omitempty"`
	RequestsTotal int64     `json:"requests_total,omitempty"`
}

// ContentInput reports which content a run has read, and of what it makes the site.
type ContentInput struct {
	Run      Run   `json:"run"`
	Sequence int64 `json:"sequence" minimum:"1"`
	// Digest is of content and code: releases with the same digest are the same site.
	// Left out where there is none.
	Digest string `json:"digest,omitempty" maxLength:"200"`
	// Consistency is what the content can be relied on for.
	Consistency release.Consistency `json:"consistency" enum:"snapshot,quiet,per item"`
	// Watermark is the instant before the first read, by the source's clock; left out where
	// the source does not tell its time.
	Watermark *time.Time `json:"watermark,omitempty"`
}

// ContentResult says whether the release goes on.
type ContentResult struct {
	Release int64 `json:"release"`
	// SameAs is the live release with the same digest: this release has ended, with nothing
	// to do. Left out for a release that goes on.
	SameAs    int64      `json:"same_as,omitempty"`
	Watermark *time.Time `json:"watermark,omitempty"`
}

// MaxServed bounds the list of served requests in a ReportResult.
const MaxServed = 1000

// HeartbeatInput says that a run lives and what it does.
type HeartbeatInput struct {
	Run  Run    `json:"run"`
	Note string `json:"note,omitempty" maxLength:"1000"`
}

// FailureInput says that a run failed, why in words for editors, and whose fault it is.
// Sequence may be 0 if the run has lost count.
type FailureInput struct {
	Run      Run           `json:"run"`
	Sequence int64         `json:"sequence,omitempty" minimum:"0"`
	Why      string        `json:"why" minLength:"1" maxLength:"2000"`
	Fault    release.Fault `json:"fault" enum:"content,build,platform,pressrun"`
	// Guards are those of the deploy that stopped the release, by name.
	Guards []string `json:"guards,omitempty" maxItems:"50" nullable:"false"`
}

// Metrics are the figures that a run measured.
type Metrics struct {
	Steps []StepTime `json:"steps,omitempty"`
	// Pages, Files and Bytes describe the built site; Uploaded, Deleted and
	// UploadedBytes what the deploy changed. HeadersOnly are files whose
	// content stayed.
	Pages         int64 `json:"pages"`
	Files         int64 `json:"files"`
	Bytes         int64 `json:"bytes"`
	Uploaded      int64 `json:"uploaded"`
	UploadedBytes int64 `json:"uploaded_bytes"`
	HeadersOnly   int64 `json:"headers_only,omitempty"`
	Deleted       int64 `json:"deleted"`
	Unchanged     int64 `json:"unchanged"`
	// Changed are some of the changed paths, for people; at most 100.
	Changed []string `json:"changed,omitempty" maxItems:"100"`
	Commit  string   `json:"commit,omitempty"`
	// Edge is the state of the CDN; nil when there is none.
	Edge *Edge `json:"edge,omitempty"`
	// Baked sums up the bake that made the site; nil when none did.
	Baked *Baked `json:"baked,omitempty"`
}

// The states of a CDN once a release is live at its origin.
const (
	EdgeCurrent = "current"
	EdgePurged  = "purged"
	EdgePending = "pending"
)

// Edge is the state of a site's CDN after a release. "Edge pending" is the term for
// people: docs/cdn.md.
type Edge struct {
	// CDN is its kind and name; empty when none is set up, and pages were only checked
	// through the public address.
	CDN string `json:"cdn,omitempty"`
	// State is current (it held nothing that changed), purged, or pending: it may still
	// show replaced content, for the reason in Why.
	State string `json:"state" enum:"current,purged,pending"`
	Why   string `json:"why,omitempty"`
	// Purged counts tags, addresses and prefixes, as CDNs charge for them.
	Purged  int64   `json:"purged"`
	Seconds float64 `json:"seconds"`
}

// StepTime is how long a step of a run took and how it ended.
type StepTime struct {
	Name      string    `json:"name"`
	StartedAt time.Time `json:"started_at"`
	Seconds   float64   `json:"seconds"`
	// Result is ok, failed or skipped; Note says why.
	Result string `json:"result" enum:"ok,failed,skipped"`
	Note   string `json:"note,omitempty"`
}

// ActInput is an operator's act. Actor is ignored unless the caller's token
// may speak for others; otherwise the token's name counts.
type ActInput struct {
	Why   string     `json:"why,omitempty" maxLength:"1000"`
	Actor string     `json:"actor,omitempty" maxLength:"200"`
	Until *time.Time `json:"until,omitempty" doc:"pause: when it ends by itself"`
	// Release keeps an act from applying to another release than its user looked at.
	Release int64 `json:"release,omitempty" minimum:"0" doc:"cancel, reset, retry: refused with 409 when another release is the current one by now"`
}

// AllowInput retries a release that guards stopped, and lets the named guards pass in the
// new release only.
type AllowInput struct {
	Guards  []string `json:"guards" minItems:"1" maxItems:"50" nullable:"false" doc:"names of guards that stopped the last release"`
	Why     string   `json:"why" minLength:"1" maxLength:"1000"`
	Actor   string   `json:"actor,omitempty" maxLength:"200"`
	Release int64    `json:"release,omitempty" minimum:"0" doc:"refused with 409 when another release is the current one by now"`
}

// RollbackInput puts an earlier release back.
type RollbackInput struct {
	To    int64  `json:"to" minimum:"1" doc:"number of the release whose content is to be live again"`
	Why   string `json:"why" minLength:"1" maxLength:"1000"`
	Actor string `json:"actor,omitempty" maxLength:"200"`
}

// FreezeInput adds a window in which nothing is dispatched.
type FreezeInput struct {
	From  *time.Time `json:"from,omitempty" doc:"now when left out"`
	To    time.Time  `json:"to"`
	Why   string     `json:"why" minLength:"1" maxLength:"1000"`
	Actor string     `json:"actor,omitempty" maxLength:"200"`
}

// Words is the state of the CDN in a sentence for people.
func (e Edge) Words() string {
	name := cmp.Or(e.CDN, "the CDN")
	switch e.State {
	case EdgePending:
		words := fmt.Sprintf("Live at the origin, edge pending: %s may still show what was replaced", name)
		if e.Why != "" {
			words += " (" + e.Why + ")"
		}
		return words + `. "pressrun invalidate" or the next release finishes it.`
	case EdgeCurrent:
		return fmt.Sprintf("Live everywhere: %s held nothing that changed.", name)
	case EdgePurged:
		took := time.Duration(e.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		items := fmt.Sprintf("%d items", e.Purged)
		if e.Purged == 1 {
			items = "1 item"
		}
		return fmt.Sprintf("Live everywhere: %s was told to forget %s, in %s.", name, items, took)
	}
	return ""
}
