package publish

import (
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/cdn/verify"
	"github.com/pressrun/pressrun/internal/deploy"
)

// Report is the result of Run.
type Report struct {
	deploy.Result
	// CDN is the result of the purge; nil when there is no CDN, or nothing went live.
	CDN *CDNReport
	// Forecast is the planned purge, after a dry run with a CDN; else nil.
	Forecast *cdn.Decision
	// Sample are changed pages with their expected content, for Verify. SampleErr says why
	// there is none although SamplePages is set.
	Sample    []verify.Expectation
	SampleErr error
}

// EdgePending says that the release is live at its origin, while the CDN may still show
// replaced content.
func (r Report) EdgePending() bool { return r.CDN != nil && r.CDN.Err != nil }

// CDNState is the state of a CDN after a release.
type CDNState string

// The states of a CDN after a release.
const (
	CDNPurged  CDNState = "purged"  // the replaced content was purged
	CDNCurrent CDNState = "current" // it held nothing that changed
	CDNPending CDNState = "pending" // it may still show replaced content
)

// CDNReport is the result of purging the CDN after a release.
type CDNReport struct {
	cdn.Report
	// Err says why the purge is not complete. It does not fail the release: an
	// invalidation with Resume, or the next release, finishes the purge.
	Err error
}

// State is the state of the CDN.
func (r CDNReport) State() CDNState {
	switch {
	case r.Err != nil:
		return CDNPending
	case r.Decision.Set.Empty():
		return CDNCurrent
	}
	return CDNPurged
}

// Cause is the error within a *cdn.PendingError, else Err.
func (r CDNReport) Cause() error {
	if pending, ok := errors.AsType[*cdn.PendingError](r.Err); ok {
		return pending.Err
	}
	return r.Err
}

// Pending is the error of an incomplete purge, with advice; nil for a complete one.
func (r CDNReport) Pending() error {
	if _, ok := errors.AsType[*cdn.PendingError](r.Err); ok || r.Err == nil {
		return r.Err
	}
	return fmt.Errorf("live at the origin, but %s was not purged: %w (pressrun invalidate finishes it)", r.CDN, r.Err)
}

// String is the purge in one line; "" when it is not complete.
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
