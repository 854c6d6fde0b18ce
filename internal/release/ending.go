package release

func (t *turn) hold(why string, lifted Lifting) {
	t.Hold = Hold{Since: t.now, Why: why, Lifted: lifted}
	t.record(KindHeld, "", why)
}

// cancelling says whether the current release is being cancelled.
func (t *turn) cancelling() bool { return !t.Current.Cancel.At.IsZero() }

// finishCancel ends a cancelled release. Its requests stay in line and are released with
// the next request of any kind: retrying by itself would undo the cancellation. Requests
// that came after the cancellation count as such a next request.
func (t *turn) finishCancel() {
	act := t.Current.Cancel
	others := t.Waiting.Count > 0 || t.Accepted > t.Current.CancelUpto || t.Current.isRollback()
	t.giveBack(Cancelled, act.Why, "", act.By)
	if !others {
		t.hold("cancelled by "+act.By, LiftedByAny)
	}
}

// silent says whether the run has been silent for longer than Silence.
func (t *turn) silent() bool {
	return !t.now.Before(t.Current.Heard.Add(t.Policy.Silence))
}

// overdue says whether the current phase has passed its deadline.
func (t *turn) overdue() bool {
	return !t.now.Before(deadline(t.Site))
}

// Outcome is how a release ended; empty while it has not.
type Outcome string

// The outcomes. Superseded: an operator's reset replaced the release.
const (
	Succeeded  Outcome = "succeeded"
	Failed     Outcome = "failed"
	Cancelled  Outcome = "cancelled"
	Stale      Outcome = "stale"
	Superseded Outcome = "superseded"
	// Unchanged: there was nothing to do, since its content was live already.
	Unchanged Outcome = "unchanged"
)

// Outcomes lists all outcomes.
var Outcomes = []Outcome{Succeeded, Failed, Cancelled, Stale, Superseded, Unchanged}

// Served says whether the release's requests are live.
func (o Outcome) Served() bool { return o == Succeeded || o == Unchanged }

// Fault is whose fault a failure was, so that the right person is told.
type Fault string

// The faults: the content (an editor fixes it), the build (a developer does), the
// platform (GitHub, S3, a machine: an operator does), Pressrun itself.
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
