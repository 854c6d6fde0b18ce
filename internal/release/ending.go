package release

import "fmt"

func (t *turn) hold(why string, lifted Lifting) {
	t.Hold = Hold{Since: t.now, Why: why, Lifted: lifted}
	t.record(KindHeld, "", why)
}

// cancelling says whether somebody asked for the current release to be cancelled.
func (t *turn) cancelling() bool { return !t.Current.Cancel.At.IsZero() }

// finishCancel ends a release that somebody cancelled. What it should have
// served stays in line and goes out with the next request of any kind:
// starting it again by itself would undo what the person asked for. Requests
// that were not part of what was cancelled are such a next request already.
func (t *turn) finishCancel() {
	act := t.Current.Cancel
	others := t.Waiting.Count > 0 || t.Accepted > t.Current.CancelUpto || t.Current.isRollback()
	t.giveBack(Cancelled, act.Why, "", act.By)
	if !others {
		t.hold("cancelled by "+act.By, LiftedByAny)
	}
}

// silent says whether the run has said nothing for too long.
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
	// Unchanged: there was nothing to do. What was asked for is live without it.
	Unchanged Outcome = "unchanged"
)

// Outcomes lists all outcomes.
var Outcomes = []Outcome{Succeeded, Failed, Cancelled, Stale, Superseded, Unchanged}

// Served says whether what the release was asked for is live with it.
func (o Outcome) Served() bool { return o == Succeeded || o == Unchanged }

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

// fail ends the current release badly. Its requests wait again; the next
// release takes them up after a delay that grows, until the site is held.
// A release that somebody cancelled has not failed, however it ended.
func (t *turn) fail(outcome Outcome, why string, fault Fault) {
	if t.cancelling() {
		t.finishCancel()
		return
	}
	if t.Current.isRollback() {
		t.giveBack(outcome, why, fault, "") // not tried again: the site is held
		return
	}
	t.Failures++
	t.giveBack(outcome, why, fault, "")
	if t.Failures > len(t.Policy.RetryDelays) {
		t.hold(heldWords(t.Failures, why), LiftedByPerson)
		return
	}
	if t.State == Requested {
		t.Current.NotBefore = t.now.Add(t.Policy.RetryDelays[t.Failures-1])
	}
}

// giveBack ends the current release without having served its requests: they
// wait again, together with those that came since.
func (t *turn) giveBack(outcome Outcome, why string, fault Fault, by string) {
	t.Current.Outcome, t.Current.Why, t.Current.Fault, t.Current.By = outcome, why, fault, by
	t.Waiting = t.Current.Requests.merge(t.Waiting)
	number, rollback := t.Current.Number, t.Current.isRollback()
	t.settle()
	if t.State == Requested && !rollback {
		t.Current.Retry = number
	}
}

func heldWords(failures int, why string) string {
	if failures == 1 {
		return "the last release did not succeed: " + why
	}
	return fmt.Sprintf("%d releases in a row did not succeed; the last: %s", failures, why)
}
