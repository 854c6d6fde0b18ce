package release

// claim lets a run take a release. One run wins, for ever; the same run may
// ask again and is told the same.
func (t *turn) claim(e Claim) error {
	if e.Run.ID == "" || e.Run.Attempt < 1 {
		return refuse(CodeBadEvent, "a claim names its run and attempt")
	}
	if t.claimed() && t.Current.Run.ID == e.Run.ID {
		return t.claimAgain(e)
	}
	if e.Token == "" && e.Release == 0 {
		return t.claimTurn(e)
	}
	if t.rerun(e) {
		t.Hold = Hold{}
		t.grant(e.Run)
		return nil
	}
	if t.State == Ready || e.Release != t.Current.Number {
		return t.refuseOther(e.Release)
	}
	if t.Current.Dispatch.Token == "" || e.Token != t.Current.Dispatch.Token {
		return refuse(CodeOtherRelease, "the token is not that of release #%d", e.Release)
	}
	if t.claimed() {
		return refuse(CodeDuplicateRun, "run %s has already taken release #%d", t.Current.Run.ID, e.Release)
	}
	t.grant(e.Run)
	return nil
}

// claimed says whether a run has taken the current release.
func (t *turn) claimed() bool {
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
func (t *turn) claimAgain(e Claim) error {
	switch {
	case e.Release != 0 && e.Release != t.Current.Number:
		return t.refuseOther(e.Release)
	case e.Run.Attempt < t.Current.Run.Attempt:
		return refuse(CodeOldAttempt, "attempt %d of run %s has taken over", t.Current.Run.Attempt, e.Run.ID)
	case e.Run.Attempt == t.Current.Run.Attempt:
		t.Current.Heard = t.now
		return nil
	case t.State == Complete:
		return refuse(CodeAlreadyLive, "release #%d is already live", t.Current.Number)
	}
	t.grant(e.Run)
	return nil
}

// rerun says whether somebody re-ran the run of the release that just failed,
// and its requests still wait: the new attempt takes them up again.
func (t *turn) rerun(e Claim) bool {
	return t.State == Requested && t.Current.Dispatch.Token == "" &&
		t.Current.Retry == t.Last.Number && e.Release == t.Last.Number &&
		t.Last.Outcome != Superseded && e.Token != "" && e.Token == t.Last.Dispatch.Token &&
		e.Run.ID == t.Last.Run.ID && e.Run.Attempt > t.Last.Run.Attempt
}

// claimTurn is for a run that nobody dispatched: the "Run workflow" button, a
// workflow's own schedule. It takes the waiting release when the site has one.
func (t *turn) claimTurn(e Claim) error {
	if t.State != Ready && t.State != Requested {
		return refuse(CodeNotYourTurn, "release #%d is running; the next one begins when it has ended", t.Current.Number)
	}
	if t.Pause.On(t.now) {
		return refuse(CodePaused, "releases are paused: %s", t.Pause.Why)
	}
	if at, w := thawed(t.windows(), t.now); at.After(t.now) {
		return refuse(CodeFrozen, "releases are frozen until %s: %s", at.UTC().Format("2006-01-02 15:04 MST"), w.Why)
	}
	if t.State == Ready {
		if t.Waiting.Count == 0 {
			return refuse(CodeNothingToDo, "nothing waits for a release")
		}
		t.open()
	}
	t.Hold = Hold{}
	t.grant(e.Run)
	return nil
}

// grant gives the current release to a run.
func (t *turn) grant(run Run) {
	if t.Current.Run.ID == run.ID && run.URL == "" {
		run.URL = t.Current.Run.URL
	}
	t.Current.Run = run
	t.Current.Sequence = 0
	t.Current.Heard = t.now
	t.Current.Dispatch.Unknown = ""
	t.enter(Starting, KindStarting, "")
	if !t.Current.Cancel.At.IsZero() {
		t.emit(CancelRun{Release: t.Current.Number, Run: run})
	}
}

func (t *turn) refuseOther(number int64) error {
	if number <= t.Number && number > 0 {
		return refuse(CodeReleaseOver, "release #%d is over", number)
	}
	return refuse(CodeNoRelease, "there is no release #%d", number)
}
