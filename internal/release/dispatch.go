package release

import "time"

// Due is when the waiting release may be dispatched, and why not earlier.
type Due struct {
	// At is zero when the time is not known: an operator must act first.
	At  time.Time
	Why DueReason
	// Detail says it in words for people: who paused, why it is frozen.
	Detail string
}

// DueReason names what a release waits for.
type DueReason string

// What a release waits for. DueNothing means that no release waits to be dispatched.
const (
	DueNothing  DueReason = "nothing"
	DueGrouping DueReason = "grouping"
	DueRetry    DueReason = "retry"
	DueFreeze   DueReason = "freeze"
	DuePause    DueReason = "pause"
	DueHold     DueReason = "hold"
	DueRollback DueReason = "rollback" // it does not wait: it goes at once
	DueSlot     DueReason = "slot"     // for a running release to end
)

// DispatchDue says when the waiting release may be dispatched: at the earlier of last
// request + quiet and first request + maximum wait, not before a retry's time, not while
// paused, held or frozen, and not before there is a free slot.
func (s Site) DispatchDue(now time.Time) Due {
	if s.WaitsForSlot(now) {
		return Due{Why: DueSlot}
	}
	return s.dueBut(now)
}

// dueBut is DispatchDue without the limits on slots.
func (s Site) dueBut(now time.Time) Due {
	if s.State != Requested || s.Current.Dispatch.Token != "" {
		return Due{Why: DueNothing}
	}
	if s.Current.isRollback() {
		return Due{At: s.Current.Times.Requested, Why: DueRollback}
	}
	if s.Hold.On() {
		return Due{Why: DueHold, Detail: s.Hold.Why}
	}
	g := s.Current.Requests
	due := Due{At: earlier(g.Last.Add(s.Policy.Quiet), g.First.Add(s.Policy.MaxWait)), Why: DueGrouping}
	if s.Current.NotBefore.After(due.At) {
		due = Due{At: s.Current.NotBefore, Why: DueRetry, Detail: s.Last.Why}
	}
	if s.Pause.On(now) {
		if s.Pause.Until.IsZero() {
			return Due{Why: DuePause, Detail: s.Pause.Why}
		}
		if s.Pause.Until.After(due.At) {
			due = Due{At: s.Pause.Until, Why: DuePause, Detail: s.Pause.Why}
		}
	}
	// A freeze matters if it covers the instant of the dispatch, which is now for an
	// overdue release.
	from := later(due.At, now)
	if at, w := thawed(s.Windows(), from); at.After(from) {
		return Due{At: at, Why: DueFreeze, Detail: w.Why}
	}
	return due
}

// DueIf is when a release would be dispatched that a request of a source opens at an
// instant, if no other is under way.
func (s Site) DueIf(source Source, at time.Time) Due {
	if s.Hold.liftedBy(source) {
		s.Hold = Hold{}
	}
	return s.dueOf(Group{}.with(source, at), at)
}

// DueAfter is when the requests that wait for the next release will be dispatched, if the
// current one succeeds at the instant end. At is never before end.
func (s Site) DueAfter(end time.Time) Due {
	due := s.dueOf(s.Waiting, end)
	if !due.At.IsZero() {
		due.At = later(due.At, end)
	}
	return due
}

func (s Site) dueOf(waiting Group, now time.Time) Due {
	s.State, s.Current = Requested, Release{Requests: waiting}
	return s.DispatchDue(now)
}

// Windows are all windows in which nothing is dispatched: the policy's and
// those that operators added.
func (s Site) Windows() []Window {
	if len(s.Freezes) == 0 {
		return s.Policy.Freezes
	}
	return append(append([]Window{}, s.Policy.Freezes...), s.Freezes...)
}

// dispatch records the intent and emits the dispatch. The site enters Dispatched only
// once the runner has confirmed.
func dispatch(t *turn, token string) {
	dropOldFingerprint(t)
	t.Current.Dispatch = Dispatch{Token: token, Intended: t.now}
	t.record(KindDispatching, "", "")
	send(t)
}

func send(t *turn) {
	t.Current.Dispatch.Sent++
	t.Current.Dispatch.Unknown = ""
	d := t.Current.Dispatch
	t.emit(SendDispatch{Release: t.Current.Number, Token: d.Token, Sent: d.Sent, RollbackTo: t.Current.RollbackTo})
}

// checkToken refuses an answer to a dispatch that is not the current one.
func checkToken(t *turn, token string) error {
	if t.State == Ready || t.Current.Dispatch.Token == "" || t.Current.Dispatch.Token != token {
		return refuse(CodeReleaseOver, "this dispatch belongs to a release that is over")
	}
	return nil
}

func dispatchConfirmed(t *turn, e DispatchConfirmed) error {
	if e.Run.ID == "" {
		return refuse(CodeBadEvent, "a confirmed dispatch names its run")
	}
	e.Run.Attempt = max(e.Run.Attempt, 1)
	if checkToken(t, e.Token) != nil {
		// The release ended while its dispatch was on the way. Its run is cancelled,
		// unless it took part in the release.
		if t.Last.Run.ID != e.Run.ID && t.Current.Run.ID != e.Run.ID {
			t.emit(CancelRun{Run: e.Run})
		}
		return nil
	}
	if t.State != Requested {
		// A claim came before the runner's answer: by this run, or by another, which then
		// has the release.
		if isClaimed(t) && t.Current.Run.ID != e.Run.ID {
			t.emit(CancelRun{Run: e.Run})
		}
		return nil
	}
	t.Current.Dispatch.Unknown = ""
	t.Current.Run = e.Run
	t.Current.Heard = t.now
	t.enter(Dispatched, KindDispatched, "")
	if t.cancelling() {
		t.emit(CancelRun{Release: t.Current.Number, Run: e.Run})
	}
	return nil
}

func dispatchRefused(t *turn, e DispatchRefused) error {
	if err := checkToken(t, e.Token); err != nil {
		return err
	}
	if t.State != Requested {
		return refuse(CodeInvalidTransition, "the run of release #%d has already begun", t.Current.Number)
	}
	t.fail(Failed, "it could not be dispatched: "+e.Why, e.Fault)
	return nil
}

func dispatchUnknown(t *turn, e DispatchUnknown) error {
	if err := checkToken(t, e.Token); err != nil {
		return err
	}
	if t.State == Requested && t.Current.Dispatch.Unknown != e.Why {
		t.Current.Dispatch.Unknown = e.Why
		t.record(KindUnknown, "", e.Why)
	}
	return nil
}

func dispatchMissing(t *turn, e DispatchMissing) error {
	if err := checkToken(t, e.Token); err != nil {
		return err
	}
	if t.State != Requested || (e.Sent != 0 && e.Sent != t.Current.Dispatch.Sent) {
		return nil // it was found since, or was sent again already
	}
	if t.cancelling() {
		t.finishCancel()
		return nil
	}
	if stop := checkStopped(t); stop != nil {
		// No run has begun, and none may begin now: the intent is withdrawn.
		t.Current.Dispatch = Dispatch{}
		t.record(KindUnknown, "", "no run came of the last dispatch: "+stop.Error())
		return nil //nolint:nilerr // the pause or freeze is no error of this answer
	}
	t.record(KindDispatching, "", "no run came of the last dispatch: sent again")
	send(t)
	return nil
}

// checkStopped refuses to begin a run while the site is paused or frozen.
func checkStopped(t *turn) error {
	if t.Current.isRollback() {
		return nil // a rollback goes even while the site is paused
	}
	if t.Pause.On(t.now) {
		return refuse(CodePaused, "releases are paused: %s", t.Pause.Why)
	}
	if at, w := thawed(t.Windows(), t.now); at.After(t.now) {
		return refuse(CodeFrozen, "releases are frozen until %s: %s", at.UTC().Format("2006-01-02 15:04 MST"), w.Why)
	}
	return nil
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
