package release

import "time"

// claim lets a run take a release. The first run to claim it has it for good; if it asks
// again it gets the same answer.
func claim(t *turn, e Claim) error {
	if e.Run.ID == "" || e.Run.Attempt < 1 {
		return refuse(CodeBadEvent, "a claim names its run and attempt")
	}
	if isClaimed(t) && t.Current.Run.ID == e.Run.ID {
		return claimAgain(t, e)
	}
	if e.Token == "" && e.Release == 0 {
		return claimTurn(t, e)
	}
	if rerun(t, e) {
		return takeRetry(t, e)
	}
	if t.State == Ready || e.Release != t.Current.Number {
		return refuseOther(t, e.Release)
	}
	if t.Current.Dispatch.Token == "" || e.Token != t.Current.Dispatch.Token {
		return refuse(CodeOtherRelease, "the token is not that of release #%d", e.Release)
	}
	if isClaimed(t) {
		return refuse(CodeDuplicateRun, "run %s has already taken release #%d", t.Current.Run.ID, e.Release)
	}
	if t.State == Requested {
		// The run claims before the runner has answered the dispatch: its token confirms
		// the dispatch.
		t.enter(Dispatched, KindDispatched, "")
	}
	grantClaim(t, e.Run)
	return nil
}

// isClaimed says whether a run has taken the current release.
func isClaimed(t *turn) bool {
	switch t.State {
	case Starting, InProgress, Complete:
		return true
	case Ready, Requested, Dispatched:
		return false
	}
	return false
}

// claimAgain answers the run that holds the release: the same attempt is
// acknowledged, a newer one (a re-run) takes over from the beginning.
func claimAgain(t *turn, e Claim) error {
	switch {
	case e.Release != 0 && e.Release != t.Current.Number && (e.Token == "" || e.Token != t.Current.Dispatch.Token):
		return refuseOther(t, e.Release)
	case e.Run.Attempt < t.Current.Run.Attempt:
		return refuse(CodeOldAttempt, "attempt %d of run %s has taken over", t.Current.Run.Attempt, e.Run.ID)
	case e.Run.Attempt == t.Current.Run.Attempt:
		t.Current.Heard = t.now
		return nil
	case t.State == Complete:
		return refuse(CodeAlreadyLive, "release #%d is already live", t.Current.Number)
	}
	grantClaim(t, e.Run)
	return nil
}

// rerun says whether a claim is from a re-run of the last release's run, which failed,
// and its requests still wait: the new attempt takes them up again.
func rerun(t *turn, e Claim) bool {
	return t.State == Requested && t.Current.Dispatch.Token == "" &&
		t.Current.Retry != 0 && t.Current.Retry == t.Last.Number && t.Last.Outcome != Superseded &&
		e.Token != "" && e.Token == t.Last.Dispatch.Token &&
		e.Run.ID == t.Last.Run.ID && e.Run.Attempt > t.Last.Run.Attempt
}

// takeRetry gives the waiting retry to a re-run. The retry gets the token of the first
// attempt: the run knows no other, and may ask again or be re-run once more.
func takeRetry(t *turn, e Claim) error {
	if err := checkStopped(t); err != nil {
		return err
	}
	t.Current.Dispatch.Token = e.Token
	t.Hold = Hold{}
	grantClaim(t, e.Run)
	return nil
}

// claimTurn is the claim of a run that the app did not dispatch: the "Run workflow"
// button, a workflow's own schedule. It takes the waiting release if the site has one.
func claimTurn(t *turn, e Claim) error {
	if t.State == Ready {
		return refuse(CodeNothingToDo, "nothing waits for a release")
	}
	if t.State != Requested || t.cancelling() {
		return refuse(CodeNotYourTurn, "release #%d is running; the next one begins when it has ended", t.Current.Number)
	}
	if t.Current.isRollback() {
		return refuse(CodeNotYourTurn, "the site is about to be rolled back to release #%d", t.Current.RollbackTo)
	}
	if err := checkRolledBack(t); err != nil {
		return err
	}
	if err := checkStopped(t); err != nil {
		return err
	}
	t.Hold = Hold{}
	grantClaim(t, e.Run)
	return nil
}

// grantClaim gives the current release to a run.
func grantClaim(t *turn, run Run) {
	if t.State == InProgress {
		forgetWatermark(t)
	}
	if t.Current.Run.ID == run.ID && run.URL == "" {
		run.URL = t.Current.Run.URL
	}
	t.Current.Run = run
	t.Current.Sequence = 0
	t.Current.Heard = t.now
	t.Current.Dispatch.Unknown = ""
	t.enter(Starting, KindStarting, "")
	if t.cancelling() {
		t.emit(CancelRun{Release: t.Current.Number, Run: run})
	}
}

// forgetWatermark removes the watermark for a re-run: it has read no content yet, so
// requests since the first attempt's watermark join it instead of waiting.
func forgetWatermark(t *turn) {
	if t.Current.isRollback() {
		return
	}
	t.Current.Watermark, t.Current.Reading = time.Time{}, Reading{}
	t.Current.Times.InProgress = time.Time{}
	t.Current.Requests = t.Current.Requests.merge(t.Waiting)
	t.Current.Upto = t.Accepted
	t.Waiting = Group{}
}

func refuseOther(t *turn, number int64) error {
	if number <= t.Number && number > 0 {
		return refuse(CodeReleaseOver, "release #%d is over", number)
	}
	return refuse(CodeNoRelease, "there is no release #%d", number)
}

// Held says whether a run, in any attempt, has taken the current release.
func (s Site) Held(run Run) bool {
	t := &turn{Site: s}
	return isClaimed(t) && s.Current.Run.ID == run.ID
}

// Admit says whether a run that waits before its first job (for a deployment protection
// rule) may begin now: nil when its claim would be granted, or refused in a way that ends
// the run successfully; else a Conflict that says what it waits for. A dispatched release
// also waits here for the end of a pause or a freeze that came after its dispatch.
func (s Site) Admit(run string, now time.Time) error {
	t := &turn{Site: s, now: now}
	if t.State == Requested && t.Current.Dispatch.Token != "" && t.Current.Run.ID == "" {
		return refuse(CodeNotYourTurn, "release #%d is being dispatched; which run it has will be known soon", t.Current.Number)
	}
	if t.State != Ready && t.Current.Run.ID == run {
		if isClaimed(t) || t.cancelling() {
			return nil // a further job of the run, or one whose claim ends it
		}
		return checkStopped(t)
	}
	if t.State != Ready && (t.State != Requested || t.cancelling() || t.Current.isRollback()) {
		return refuse(CodeNotYourTurn, "release #%d is running; the next one begins when it has ended", t.Current.Number)
	}
	if err := checkRolledBack(t); err != nil {
		return err
	}
	return checkStopped(t)
}
