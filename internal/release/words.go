package release

// Source is who or what asks for a release.
type Source string

// The sources of requests.
const (
	FromSchedule Source = "schedule"
	FromContent  Source = "content"
	FromEditor   Source = "editor"
	FromOperator Source = "operator"
	FromWorkflow Source = "workflow"
)

// Sources lists all sources.
var Sources = []Source{FromSchedule, FromContent, FromEditor, FromOperator, FromWorkflow}

// Valid says whether s is one of the five sources.
func (s Source) Valid() bool {
	for _, known := range Sources {
		if s == known {
			return true
		}
	}
	return false
}

// Person says whether a person is waiting for the answer: such a request ends
// a hold or a wait for a retry.
func (s Source) Person() bool { return s == FromEditor || s == FromOperator }

// Outcome is how a release ended; empty while it has not.
type Outcome string

// The outcomes. Superseded: an operator's reset replaced the release.
const (
	Succeeded  Outcome = "succeeded"
	Failed     Outcome = "failed"
	Cancelled  Outcome = "cancelled"
	Stale      Outcome = "stale"
	Superseded Outcome = "superseded"
)

// Fault is whose fault an ending was, so that the right person is told.
type Fault string

// The faults: the content (an editor mends it), the build (a developer), the
// platform (GitHub, S3, a machine: an operator), Pressrun itself.
const (
	FaultContent  Fault = "content"
	FaultBuild    Fault = "build"
	FaultPlatform Fault = "platform"
	FaultPressrun Fault = "pressrun"
)

// Valid says whether f is one of the four faults.
func (f Fault) Valid() bool {
	switch f {
	case FaultContent, FaultBuild, FaultPlatform, FaultPressrun:
		return true
	default:
		return false
	}
}
