package release

import (
	"fmt"
	"slices"
)

// authentic refuses what does not come from the run that has the release.
func (t *turn) authentic(number int64, run Run) error {
	if t.State == Ready || number != t.Current.Number {
		return t.refuseOther(number)
	}
	if !t.claimed() {
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

// report moves the release on by its run's word.
func (t *turn) report(e Report) error {
	if e.Sequence < 1 || !e.To.Valid() {
		return refuse(CodeBadEvent, "a report names a state and a sequence from 1")
	}
	if (e.To == Complete || e.To == Ready) && t.told(e.Release, e.Run, Succeeded) {
		return nil
	}
	if err := t.authentic(e.Release, e.Run); err != nil {
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
		t.heard(e.Sequence, e.Note)
		return nil
	case OK:
		t.heard(e.Sequence, e.Note)
		t.advance(e.To)
		return nil
	case Wait, Invalid:
		return refuse(CodeInvalidTransition, "release #%d is %q: it can't go to %q", e.Release, t.State, e.To)
	}
	return nil
}

// told says whether a release has already ended as its run now reports: the
// answer to the first report was lost on the way.
func (t *turn) told(number int64, run Run, outcomes ...Outcome) bool {
	return t.Last.Number == number && t.Last.Run.same(run) && slices.Contains(outcomes, t.Last.Outcome)
}

func (t *turn) heard(sequence int64, note string) {
	t.Current.Sequence = max(t.Current.Sequence, sequence)
	t.Current.Heard = t.now
	if note != "" {
		t.Current.Note = note
	}
}

// advance enters the state that a run reported.
func (t *turn) advance(to State) {
	switch to {
	case InProgress:
		if !t.Current.isRollback() {
			t.Current.Watermark = t.now
			t.Current.Upto = t.Accepted
		}
		t.enter(InProgress, KindInProgress, "")
	case Complete:
		t.complete("")
	case Ready:
		t.settle()
	case Starting, Requested, Dispatched:
	}
}

// complete is the point of no return: what is live is a success.
func (t *turn) complete(why string) {
	t.Current.Outcome = Succeeded
	t.Current.Why = why
	t.Served = t.Current.Upto
	t.Failures = 0
	t.enter(Complete, KindComplete, why)
}

func (t *turn) heartbeat(e Heartbeat) error {
	if err := t.authentic(e.Release, e.Run); err != nil {
		return err
	}
	t.heard(0, e.Note)
	return nil
}

func (t *turn) failure(e Failure) error {
	// A cancelled run, or one that had gone live, may also say that it failed.
	if t.told(e.Release, e.Run, Failed, Cancelled, Succeeded) {
		return nil
	}
	if err := t.authentic(e.Release, e.Run); err != nil {
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
	t.fail(Failed, e.Why, e.Fault)
	return nil
}

// known refuses news of a run that has nothing to do with the current release.
func (t *turn) known(run Run) error {
	if t.State == Ready || t.Current.Run.ID == "" || t.Current.Run.ID != run.ID {
		return refuse(CodeOtherRun, "run %s does not carry the current release", run.ID)
	}
	if run.Attempt < t.Current.Run.Attempt {
		return refuse(CodeOldAttempt, "attempt %d of run %s has taken over", t.Current.Run.Attempt, run.ID)
	}
	return nil
}

func (t *turn) runSeen(e RunSeen) error {
	if err := t.known(e.Run); err != nil {
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

// runEnded is the platform's word, which needs no help from the run.
func (t *turn) runEnded(e RunEnded) error {
	if err := t.known(e.Run); err != nil {
		return err
	}
	if t.State == Complete {
		t.settle()
		return nil
	}
	if e.Live && t.State == InProgress {
		t.complete("the run's report was lost; the site is known to be live")
		t.settle()
		return nil
	}
	outcome, why, fault := conclude(e)
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

// runMissing ends a release only past its deadline: a list may lag, and
// GitHub says "not found" too when it means "not allowed". A run that is to be
// cancelled is let go of as soon as it is silent.
func (t *turn) runMissing(e RunMissing) error {
	if err := t.known(e.Run); err != nil {
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

// restarted gives the run the whole time again in which nothing is known, and a
// dispatch without an outcome the whole time in which its run is looked for.
func (t *turn) restarted() {
	if (t.Current.Run.ID != "" || t.Current.Dispatch.Token != "") && t.State != Complete {
		t.Current.Heard = t.now
	}
}
