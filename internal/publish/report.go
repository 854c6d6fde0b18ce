package publish

import (
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/deploy"
)

// Report tells what Run did.
type Report struct {
	deploy.Result
	// CDN is what became of the CDN; nil when there is none, or nothing went live.
	CDN *CDNReport
	// Forecast is what the CDN would be told, after a dry run with one; else nil.
	Forecast *cdn.Decision
	// Sample are changed pages as the public has to see them, for Verify. SampleErr
	// says why there is none though one was asked for.
	Sample    []verify.Expectation
	SampleErr error
}

// EdgePending tells that the release is live at its origin, while the CDN may
// still show what it replaced.
func (r Report) EdgePending() bool { return r.CDN != nil && r.CDN.Err != nil }

// CDNState says what became of a CDN.
type CDNState string

// The states of a CDN after a release.
const (
	CDNPurged  CDNState = "purged"  // it has forgotten what the release replaced
	CDNCurrent CDNState = "current" // it held nothing that changed
	CDNPending CDNState = "pending" // it may still show what was replaced
)

// CDNReport tells what became of the CDN before a site.
type CDNReport struct {
	cdn.Report
	// Err says why the CDN was not told, or not all of it. It is no failure of the
	// release: an invalidation with Resume, or the next release, finishes it.
	Err error
}

// State says what became of the CDN.
func (r CDNReport) State() CDNState {
	switch {
	case r.Err != nil:
		return CDNPending
	case r.Decision.Set.Empty():
		return CDNCurrent
	}
	return CDNPurged
}

// Cause is the error without what a *cdn.PendingError says around it.
func (r CDNReport) Cause() error {
	if pending, ok := errors.AsType[*cdn.PendingError](r.Err); ok {
		return pending.Err
	}
	return r.Err
}

// Pending is the error of a CDN that is pending, with what to do; nil for any other.
func (r CDNReport) Pending() error {
	if _, ok := errors.AsType[*cdn.PendingError](r.Err); ok || r.Err == nil {
		return r.Err
	}
	return fmt.Errorf("live at the origin, but %s was not told: %w (pressrun invalidate finishes it)", r.CDN, r.Err)
}

// String says in a line what the CDN was told; "" when it is pending.
func (r CDNReport) String() string {
	switch r.State() {
	case CDNPending:
		return ""
	case CDNCurrent:
		return r.CDN + " holds nothing that changed"
	case CDNPurged:
	}
	return fmt.Sprintf("%s: %s, in %.1fs", r.CDN, r.Decision, r.Seconds)
}
