package release

import (
	"fmt"
	"slices"
)

// checkReport refuses a report that is not from the run that has the release.
func checkReport(t *turn, number int64, run Run) error {
	if t.State == Ready || number != t.Current.Number {
		return refuseOther(t, number)
	}
	if !isClaimed(t) {
		return refuse(CodeInvalidTransition, "no run has taken release #%d yet", number)
	}
	if t.Current.Run.ID != run.ID {
		return refuse(CodeOtherRun, "release #%d belongs to another run", number)
	}
	if run.Attempt < t.Current.Run.Attempt {
		return refuse(CodeOldAttempt, "attempt %d of run %s has taken over", t.Current.Run.Attempt, run.ID)
	}
	if run.Attempt > t.Current.Run.Attempt {
		return refuse(CodeOtherRun, "attempt %d of run %s has not claimed release #%d", run.Attempt, run.ID, number)
	}
	return nil
}

// report advances the release by a report of its run.
func report(t *turn, e Report) error {
	if e.Sequence < 1 || !e.To.Valid() {
		return refuse(CodeBadEvent, "a report names a state and a sequence from 1")
	}
	if (e.To == Complete || e.To == Ready) && endedAs(t, e.Release, e.Run, Succeeded) {
		return nil
	}
	if err := checkReport(t, e.Release, e.Run); err != nil {
		return err
	}
	verdict := Transition(t.State, e.To)
	if e.Sequence < t.Current.Sequence {
		return refuse(CodeOldSequence, "report %d came after report %d", e.Sequence, t.Current.Sequence)
	}
	if e.Sequence == t.Current.Sequence && verdict != Skip {
		return refuse(CodeOldSequence, "report %d has already been taken", e.Sequence)
	}
	if e.To == Requested || e.To == Dispatched {
		return refuse(CodeInvalidTransition, "a run does not report %q", e.To)
	}
	switch verdict {
	case Skip:
		noteHeard(t, e.Sequence, e.Note)
		return nil
	case OK:
		noteHeard(t, e.Sequence, e.Note)
		advance(t, e.To)
		return nil
	case Wait, Invalid:
		return refuse(CodeInvalidTransition, "release #%d is %q: it can't go to %q", e.Release, t.State, e.To)
	}
	return nil
}

// endedAs says whether a release has already ended as its run now reports: the
// answer to the first report was lost on the way.
func endedAs(t *turn, number int64, run Run, outcomes ...Outcome) bool {
	return t.Last.Number == number && t.Last.Run.same(run) && slices.Contains(outcomes, t.Last.Outcome)
}

func noteHeard(t *turn, sequence int64, note string) {
	t.Current.Sequence = max(t.Current.Sequence, sequence)
	t.Current.Heard = t.now
	if note != "" {
		t.Current.Note = note
	}
}

// advance enters the state that a run reported.
func advance(t *turn, to State) {
	switch to {
	case InProgress:
		if !t.Current.isRollback() {
			t.Current.Watermark = t.now
			t.Current.Upto = t.Accepted
		}
		t.enter(InProgress, KindInProgress, "")
	case Complete:
		complete(t, "")
	case Ready:
		t.settle()
	case Starting, Requested, Dispatched:
	}
}

// complete is the point of no return: a live release is a success.
func complete(t *turn, why string) {
	t.Current.Outcome = Succeeded
	t.Current.Why = why
	t.Served = t.Current.Upto
	t.Failures = 0
	t.enter(Complete, KindComplete, why)
}

func heartbeat(t *turn, e Heartbeat) error {
	if err := checkReport(t, e.Release, e.Run); err != nil {
		return err
	}
	noteHeard(t, 0, e.Note)
	return nil
}

func failure(t *turn, e Failure) error {
	// A cancelled run, or one whose release went live, may also report that it failed.
	if endedAs(t, e.Release, e.Run, Failed, Cancelled, Succeeded) {
		return nil
	}
	if err := checkReport(t, e.Release, e.Run); err != nil {
		return err
	}
	if e.Sequence <= t.Current.Sequence && e.Sequence != 0 {
		return refuse(CodeOldSequence, "report %d came after report %d", e.Sequence, t.Current.Sequence)
	}
	if t.State == Complete {
		t.Current.Note = "after the site went live: " + e.Why
		t.settle()
		return nil
	}
	t.Current.Guards = e.Guards
	t.fail(Failed, e.Why, e.Fault)
	return nil
}

// checkRun refuses events of a run that does not have the current release.
func checkRun(t *turn, run Run) error {
	if t.State == Ready || t.Current.Run.ID == "" || t.Current.Run.ID != run.ID {
		return refuse(CodeOtherRun, "run %s does not carry the current release", run.ID)
	}
	if run.Attempt < t.Current.Run.Attempt {
		return refuse(CodeOldAttempt, "attempt %d of run %s has taken over", t.Current.Run.Attempt, run.ID)
	}
	return nil
}

func runSeen(t *turn, e RunSeen) error {
	if err := checkRun(t, e.Run); err != nil {
		return err
	}
	t.Current.Heard = t.now
	if t.Current.Run.URL == "" {
		t.Current.Run.URL = e.Run.URL
	}
	if e.Note != "" && t.State == Dispatched {
		t.Current.Note = e.Note
	}
	return nil
}

// runEnded ends the release by the platform's report, without one of the run.
func runEnded(t *turn, e RunEnded) error {
	if err := checkRun(t, e.Run); err != nil {
		return err
	}
	if t.State == Complete {
		t.settle()
		return nil
	}
	if e.Live && t.State == InProgress {
		complete(t, "the run's report was lost; the site is known to be live")
		t.settle()
		return nil
	}
	outcome, why, fault := conclude(e)
	if e.Conclusion == RunFailed {
		t.Current.Guards = e.Guards
		if e.Fault.Valid() {
			fault = e.Fault
		}
	}
	t.fail(outcome, why, fault)
	return nil
}

func conclude(e RunEnded) (Outcome, string, Fault) {
	why := func(words string) string {
		if e.Why == "" {
			return words
		}
		return fmt.Sprintf("%s: %s", words, e.Why)
	}
	switch e.Conclusion {
	case RunCancelled:
		return Cancelled, why("the run was cancelled"), FaultPlatform
	case RunTimedOut:
		return Failed, why("the run took too long and was ended"), FaultBuild
	case RunDied:
		return Failed, why("the runner died"), FaultPlatform
	case RunNeverStarted:
		return Failed, why("the run could not start"), FaultPlatform
	case RunSucceeded:
		return Failed, why("the run ended without publishing the site"), FaultBuild
	case RunFailed:
		return Failed, why("the run failed"), FaultBuild
	}
	return Failed, why("the run ended"), FaultPlatform
}

// runMissing ends a release only past its deadline: a list may lag, and GitHub also
// answers "not found" for "not allowed". A run that is being cancelled is given up as
// soon as it is silent.
func runMissing(t *turn, e RunMissing) error {
	if err := checkRun(t, e.Run); err != nil {
		return err
	}
	if t.State == Complete {
		t.settle()
		return nil
	}
	if !t.overdue() && (!t.cancelling() || !t.silent()) {
		return nil
	}
	t.fail(Stale, "its run can't be found any more", FaultPlatform)
	return nil
}

// restarted restarts the time NoKnowledge for a run, and the time in which the run of an
// unconfirmed dispatch is looked for.
func restarted(t *turn) {
	under := t.Current.Run.ID != "" || t.Current.Dispatch.Token != "" || !t.Current.Fingerprint.Asked.IsZero()
	if under && t.State != Complete {
		t.Current.Heard = t.now
	}
}
