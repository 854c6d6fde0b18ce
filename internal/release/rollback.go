package release

import "fmt"

// isRollback says whether the release puts the content of another one back.
func (r Release) isRollback() bool { return r.RollbackTo != 0 }

// Content is the number of the release whose content this one shows.
func (r Release) Content() int64 {
	if r.isRollback() {
		return r.RollbackTo
	}
	return r.Number
}

// rollBack opens a release that puts the content of an earlier one back. It goes at once,
// even while other releases are held, paused or frozen; waiting requests stay in line.
func rollBack(t *turn, e RollBack) error {
	switch {
	case e.To < 1 || e.To > t.Live.Number:
		return refuse(CodeNoRelease, "release #%d of %s never was live", e.To, t.Name)
	case e.To <= t.Removed.Release:
		return checkKept(t, e.To)
	case t.State != Ready && (t.State != Requested || t.Current.Dispatch.Token != ""):
		return refuse(CodeNotYourTurn, "release #%d is running: cancel it first, or wait until it has ended", t.Current.Number)
	case t.Current.isRollback():
		return refuse(CodeNotYourTurn, "site %s is about to be rolled back to release #%d: cancel release #%d first", t.Name, t.Current.RollbackTo, t.Current.Number)
	case t.Shows() == e.To:
		return refuse(CodeAlreadyLive, "site %s shows release #%d already", t.Name, e.To)
	}
	e.At = t.now
	words := rollbackWords(e.To, e.Why)
	t.record(KindRollback, e.By, words)
	t.Hold = Hold{}
	waiting := t.Waiting
	if t.State == Requested {
		waiting = t.Current.Requests.merge(t.Waiting)
		t.Waiting = Group{} // else its end would open the next
		t.Current.Outcome, t.Current.By = Superseded, e.By
		t.Current.Why = "the site was rolled back instead"
		t.settle()
	}
	t.Number = t.nextNumber()
	t.State, t.Waiting = Requested, waiting
	t.Current = Release{
		Number: t.Number, RollbackTo: e.To, Ordered: e.Act,
		After: t.Served, Upto: t.Served, Times: Times{Requested: t.now},
	}
	t.record(KindOpened, e.By, words)
	return nil
}

func rollbackWords(to int64, why string) string {
	if why == "" {
		return fmt.Sprintf("rollback to #%d", to)
	}
	return fmt.Sprintf("rollback to #%d: %s", to, why)
}

// holdAfterRollback holds the site after a rollback: the next release would bring the
// unwanted content back. It is called for every release that ended.
func holdAfterRollback(t *turn, ended Release) {
	if !ended.isRollback() || ended.Outcome == Superseded {
		return
	}
	why := fmt.Sprintf("the rollback to #%d did not succeed: %s", ended.RollbackTo, ended.Why)
	switch ended.Outcome {
	case Succeeded:
		why = fmt.Sprintf("rolled back to #%d by %s", ended.RollbackTo, ended.Ordered.By)
		if ended.Ordered.Why != "" {
			why += ": " + ended.Ordered.Why
		}
	case Cancelled:
		why = fmt.Sprintf("the rollback to #%d was cancelled by %s", ended.RollbackTo, ended.By)
	case Failed, Stale, Superseded, Unchanged:
	}
	t.Hold = Hold{Since: t.now, Why: why, Lifted: LiftedAfterRollback}
	t.emit(Record{Kind: KindHeld, Release: ended.Number, By: ended.Ordered.By, Why: why})
}

// checkRolledBack refuses a run that the app did not dispatch while the site is held
// after a rollback.
func checkRolledBack(t *turn) error {
	if t.Hold.Lifted != LiftedAfterRollback {
		return nil
	}
	return refuse(CodePaused, "releases are held: %s; ask for a release in Pressrun to go on", t.Hold.Why)
}
