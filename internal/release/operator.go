package release

import (
	"slices"
	"time"
)

// operate carries out an operator's act. Each is recorded with who and why.
func operate(t *turn, event Event) error {
	switch e := event.(type) {
	case PauseSite:
		return pause(t, e)
	case ResumeSite:
		return resume(t, e)
	case CancelRelease:
		return cancel(t, e)
	case ResetSite:
		return reset(t, e)
	case RetryNow:
		return retry(t, e)
	case LetPass:
		return letPass(t, e)
	case RollBack:
		return rollBack(t, e)
	case FreezeSite:
		return addFreeze(t, e)
	case ThawSite:
		return endFreeze(t, e)
	default:
		return refuse(CodeBadEvent, "unknown event %T", event)
	}
}

func pause(t *turn, e PauseSite) error {
	if !e.Until.IsZero() && !e.Until.After(t.now) {
		return refuse(CodeBadEvent, "the end of the pause has already passed")
	}
	if !storable(e.Until) {
		return refuse(CodeBadEvent, "the end of the pause is no date of this calendar")
	}
	e.At = t.now
	t.Pause = Pause{Act: e.Act, Until: plain(e.Until)}
	t.record(KindPaused, e.By, e.Why)
	return nil
}

func resume(t *turn, e ResumeSite) error {
	if !t.Pause.On(t.now) {
		return refuse(CodeNothingToDo, "site %s is not paused", t.Name)
	}
	t.Pause = Pause{}
	t.record(KindResumed, e.By, e.Why)
	return nil
}

// checkNumber refuses an act on another release than the current one: its actor has seen
// an older state of the site.
func checkNumber(t *turn, number int64) error {
	if number != 0 && number != t.Current.Number {
		return refuseOther(t, number)
	}
	return nil
}

func cancel(t *turn, e CancelRelease) error {
	if err := checkNumber(t, e.Release); err != nil {
		return err
	}
	if t.State == Ready {
		return refuse(CodeNothingToDo, "site %s has no release to cancel", t.Name)
	}
	if t.State == Complete {
		return refuse(CodeAlreadyLive, "release #%d is already live and can't be cancelled", t.Current.Number)
	}
	if t.State == Requested && t.Current.Dispatch.Token == "" && t.Hold.On() {
		return refuse(CodeNothingToDo, "release #%d is held and does not run: %s", t.Current.Number, t.Hold.Why)
	}
	if !t.cancelling() {
		e.At = t.now
		t.Current.Cancel, t.Current.CancelUpto = e.Act, t.Accepted
		t.record(KindCancelling, e.By, e.Why)
	}
	if t.Current.Dispatch.Token == "" && t.Current.Run.ID == "" {
		t.finishCancel()
		return nil
	}
	// A dispatch under way has no run yet: its answer, or the claim, names the one to
	// cancel. A second cancellation is sent to the runner again, in case the run ignored
	// the first.
	if t.Current.Run.ID != "" {
		t.emit(CancelRun{Release: t.Current.Number, Run: t.Current.Run})
	}
	return nil
}

// reset ends a stuck release: its requests wait again and are released by the normal rules.
func reset(t *turn, e ResetSite) error {
	if err := checkNumber(t, e.Release); err != nil {
		return err
	}
	t.record(KindReset, e.By, e.Why)
	t.Failures = 0
	t.Hold = Hold{}
	switch t.State {
	case Ready:
		return nil
	case Complete:
		t.settle()
		return nil
	case Requested, Dispatched, Starting, InProgress:
	}
	if t.Current.Run.ID != "" {
		t.emit(CancelRun{Release: t.Current.Number, Run: t.Current.Run})
	}
	if t.Current.Dispatch.Token == "" && t.Current.Run.ID == "" {
		t.Current.NotBefore = time.Time{} // no run to end: it is due at once
		return nil
	}
	t.giveBack(Superseded, "reset: "+e.Why, "", e.By)
	return nil
}

func retry(t *turn, e RetryNow) error {
	if err := checkNumber(t, e.Release); err != nil {
		return err
	}
	if t.State != Requested || t.Current.Dispatch.Token != "" {
		return refuse(CodeNothingToDo, "site %s has no release that waits for a retry", t.Name)
	}
	t.Hold = Hold{}
	t.Current.NotBefore = time.Time{}
	t.record(KindRetry, e.By, e.Why)
	return nil
}

func addFreeze(t *turn, e FreezeSite) error {
	if e.Window.ID == "" || !e.Window.From.Before(e.Window.To) || !e.Window.To.After(t.now) {
		return refuse(CodeBadEvent, "a freeze needs an id and an end that lies after its beginning and ahead")
	}
	if !storable(e.Window.From) || !storable(e.Window.To) {
		return refuse(CodeBadEvent, "the freeze begins or ends at no date of this calendar")
	}
	for _, w := range t.Freezes {
		if w.ID == e.Window.ID {
			return nil
		}
	}
	e.Window.From, e.Window.To = plain(e.Window.From), plain(e.Window.To)
	e.Window.By, e.Window.Why = e.By, e.Why
	t.Freezes = append(t.Freezes, e.Window)
	t.record(KindFrozen, e.By, e.Why)
	return nil
}

func endFreeze(t *turn, e ThawSite) error {
	for i, w := range t.Freezes {
		if w.ID == e.ID {
			t.Freezes = noneIfEmpty(slices.Delete(t.Freezes, i, i+1))
			t.record(KindThawed, e.By, e.Why)
			return nil
		}
	}
	return refuse(CodeNoFreeze, "site %s has no freeze %q", t.Name, e.ID)
}
