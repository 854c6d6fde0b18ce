package release

import "time"

// tick does what time alone brings about: a dispatch that is due, a look at a
// run that is silent or late, the end of a pause.
func (t *turn) tick(e Tick) error {
	if e.Token == "" {
		return refuse(CodeBadEvent, "a tick needs a token")
	}
	if !t.Pause.At.IsZero() && !t.Pause.On(t.now) {
		t.Pause = Pause{}
		t.record(KindResumed, "", "the pause was over")
	}
	t.dropOldFreezes()
	switch t.State {
	case Ready:
	case Requested:
		t.tickRequested(e.Token)
	case Dispatched, Starting, InProgress:
		t.tickRunning()
	case Complete:
		if t.overdue() {
			t.settle()
		}
	}
	return nil
}

func (t *turn) tickRequested(token string) {
	if t.Current.Dispatch.Token != "" {
		if !t.now.Before(t.Current.Dispatch.Intended.Add(t.Policy.Deadlines.Dispatch)) {
			t.giveUpDispatch()
		}
		return
	}
	due := t.DispatchDue(t.now)
	if !due.At.IsZero() && !due.At.After(t.now) {
		t.dispatch(token)
	}
}

func (t *turn) giveUpDispatch() {
	if !t.Current.Cancel.At.IsZero() {
		t.finishCancel()
		return
	}
	t.fail(Failed, "the runner did not confirm that it took the release", FaultPlatform)
}

// tickRunning has a silent or late run looked up. Only a run of which nothing
// at all is known for very long is given up without a look: webhooks have
// come 71 minutes late (research: libs.md 15), so silence proves nothing.
func (t *turn) tickRunning() {
	if !t.now.Before(t.Current.Heard.Add(t.Policy.NoKnowledge)) {
		if !t.Current.Cancel.At.IsZero() {
			t.finishCancel()
			return
		}
		t.fail(Stale, "nothing has been heard of its run", FaultPlatform)
		return
	}
	late := t.overdue()
	if late && t.Current.Late.IsZero() {
		t.Current.Late = t.now
		t.record(KindLate, "", "it takes longer than expected")
	}
	if (late || t.silent()) && !t.now.Before(t.Current.LookedUp.Add(t.Policy.LookEvery)) {
		t.Current.LookedUp = t.now
		t.emit(LookUpRun{Release: t.Current.Number, Run: t.Current.Run})
	}
}

func (t *turn) dropOldFreezes() {
	kept := t.Freezes[:0]
	for _, w := range t.Freezes {
		if t.now.Before(w.To) {
			kept = append(kept, w)
			continue
		}
		t.record(KindThawed, "", w.Why)
	}
	t.Freezes = kept
}

// NextTick is when the site next needs a Tick, and zero when time alone
// changes nothing. Scheduled requests are not counted: see Site.Scheduled.
func (s Site) NextTick(now time.Time) time.Time {
	next := s.nextOfState(now)
	if !s.Pause.At.IsZero() && !s.Pause.Until.IsZero() {
		next = sooner(next, s.Pause.Until)
	}
	for _, w := range s.Freezes {
		next = sooner(next, w.To)
	}
	return next
}

func (s Site) nextOfState(now time.Time) time.Time {
	r := s.Current
	switch s.State {
	case Ready:
		return time.Time{}
	case Requested:
		if r.Dispatch.Token != "" {
			return r.Dispatch.Intended.Add(s.Policy.Deadlines.Dispatch)
		}
		return s.DispatchDue(now).At
	case Complete:
		return r.Times.Complete.Add(s.Policy.Deadlines.Complete)
	case Dispatched, Starting, InProgress:
		deadline := r.Times.Of(s.State).Add(s.Policy.Deadlines.of(s.State))
		look := later(earlier(deadline, r.Heard.Add(s.Policy.Silence)), r.LookedUp.Add(s.Policy.LookEvery))
		next := sooner(look, r.Heard.Add(s.Policy.NoKnowledge))
		if r.Late.IsZero() {
			next = sooner(next, deadline)
		}
		return next
	}
	return time.Time{}
}

// sooner is the earlier of two times, of which zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	if b.IsZero() {
		return a
	}
	return earlier(a, b)
}
