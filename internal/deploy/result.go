package deploy

import (
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/links"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Result describes a deploy, for people and metrics. Counts are of the site's own files;
// the marker and the state are counted in Requests alone.
type Result struct {
	Destination string `json:"destination"`
	Site        string `json:"site,omitempty"`
	Release     int64  `json:"release"`
	Sequence    int64  `json:"sequence"`
	Commit      string `json:"commit,omitempty"`
	DryRun      bool   `json:"dry_run,omitempty"`

	// Parent is the deploy that the plan was made against, and PlanDigest the hash of its
	// changes: a plan with the same two is the plan that was reviewed.
	Parent     int64         `json:"parent"`
	PlanDigest string        `json:"plan_digest"`
	Forecast   plan.Forecast `json:"forecast"`

	Files         int   `json:"files"` // in the build
	Pages         int   `json:"pages"`
	Bytes         int64 `json:"bytes"`
	PreviousPages int   `json:"previous_pages"` // in the release that was live before
	FirstRelease  bool  `json:"first_release,omitempty"`

	Counts        plan.Counts `json:"counts"`
	Uploaded      int         `json:"uploaded"` // files sent (new and content)
	UploadedBytes int64       `json:"uploaded_bytes"`
	Deleted       int         `json:"deleted"` // files deleted (gone and expired)
	Requests      int64       `json:"requests"`
	Phases        []PhaseTime `json:"phases"`
	Seconds       float64     `json:"seconds"`

	Changed          []plan.Change `json:"changed"` // the first MaxChanged paths, by path
	ChangedTruncated bool          `json:"changed_truncated,omitempty"`
	// All is every change, for the purge; Changed is the part that is shown.
	All []plan.Change `json:"-"`
	// Next is the manifest that the deploy would leave, after a dry run; else nil.
	Next *manifest.Manifest `json:"-"`

	// Compressed sums up the release's compressed files; nil for none.
	Compressed *Compressed `json:"compressed,omitempty"`

	// Redirects are the writes to the redirect store; nil without one.
	Redirects *redirect.Plan `json:"redirects,omitempty"`

	// MissingCapabilities are those of S3 that the destination's store lacks, as the first
	// deploy to it found out.
	MissingCapabilities []store.MissingCapability `json:"store_lacks,omitempty"`

	Violations []guard.Violation `json:"violations,omitempty"` // those that Options.Allow let pass
	// LostLinks are the links of unchanged pages that the release breaks, too few to stop it;
	// nil for none.
	LostLinks *links.LostLinks `json:"lost_links,omitempty"`
	// AlreadyLive says that the release was live before: nothing was done.
	AlreadyLive bool `json:"already_live,omitempty"`
	// Live is true from the commit on: later failures are warnings.
	Live bool `json:"live"`
	// Notes are the destination's missing capabilities that the deploy did without, for people.
	Notes    []string `json:"notes,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// MaxChanged is how many changed paths a Result shows.
const MaxChanged = 1000

// Compressed counts the files that are stored compressed.
type Compressed struct {
	Files  int   `json:"files"`
	Built  int64 `json:"built_bytes"`
	Stored int64 `json:"stored_bytes"`
}

// PhaseTime is how long a phase took.
type PhaseTime struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	Files   int     `json:"files"`
	Bytes   int64   `json:"bytes"`
}
