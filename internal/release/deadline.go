package release

import (
	"fmt"
	"time"
)

// tick does what is due by time alone: a dispatch, the look-up of a silent or late run,
// the end of a pause.
func tick(t *turn, e Tick) error {
	if e.Token == "" {
		return refuse(CodeBadEvent, "a tick needs a token")
	}
	t.followClock()
	if !t.Pause.At.IsZero() && !t.Pause.On(t.now) {
		t.Pause = Pause{}
		t.record(KindResumed, "", "the pause was over")
	}
	dropOldFreezes(t)
	switch t.State {
	case Ready:
	case Requested:
		tickRequested(t, e)
	case Dispatched, Starting, InProgress:
		tickRunning(t)
	case Complete:
		if t.overdue() {
			t.settle()
		}
	}
	return nil
}

func tickRequested(t *turn, e Tick) {
	if t.Current.Dispatch.Token != "" {
		switch late := t.now.Sub(confirmBy(t.Site)); {
		case late > lateTick:
			t.Current.Heard = t.now
		case late >= 0:
			t.fail(Failed, "the runner did not confirm that it took the release", FaultPlatform)
		}
		return
	}
	due := t.dueBut(t.now)
	if due.At.IsZero() || due.At.After(t.now) {
		return
	}
	if askFingerprint(t); t.now.Before(fingerprintBy(t.Site)) {
		return
	}
	giveUpFingerprint(t)
	if e.NoSlot != "" {
		waitForSlot(t, e.NoSlot)
		return
	}
	dispatch(t, e.Token)
}

// lateTick is how late a tick may come: normally it comes within moments of its time. If
// it is later, the clock was put forward or the machine slept, and the run was not looked
// for meanwhile: the wait begins anew.
const lateTick = time.Minute

// confirmBy is the instant by which the run of a dispatch must be known. The time while
// the app was down does not count, since nothing looked for the run.
func confirmBy(s Site) time.Time {
	return later(s.Current.Dispatch.Intended, s.Current.Heard).Add(s.Policy.Deadlines.Dispatch)
}

// tickRunning looks a silent or late run up. Webhooks have come 71 minutes late
// (https://github.blog/news-insights/company-news/github-availability-report-july-2024/), so silence
// proves nothing: a run is given up only when nothing was heard or seen of it for NoKnowledge.
func tickRunning(t *turn) {
	if knowsNothing(t) {
		t.emit(CancelRun{Release: t.Current.Number, Run: t.Current.Run})
		t.fail(Stale, "nothing has been heard of its run", FaultPlatform)
		return
	}
	if t.overdue() && t.Current.Late.IsZero() {
		t.Current.Late = t.now
		t.record(KindLate, "", "it takes longer than expected")
	}
	if !t.now.Before(nextLook(t.Site)) {
		t.Current.LookedUp = t.now
		t.emit(LookUpRun{Release: t.Current.Number, Run: t.Current.Run})
	}
}

// knowsNothing says whether nothing has been heard or seen of the run for so long that it
// is given up. The last look-up must have had time for its answer, and must be recent:
// after the app was down there were no look-ups for a while, and that proves nothing.
func knowsNothing(t *turn) bool {
	if t.now.Before(t.Current.Heard.Add(t.Policy.NoKnowledge)) {
		return false
	}
	age := t.now.Sub(t.Current.LookedUp)
	return age >= t.Policy.lookEvery() && age <= staleLooks*t.Policy.lookEvery()
}

// staleLooks is the number of missed look-ups after which the last one is too old to
// prove anything.
const staleLooks = 4

func dropOldFreezes(t *turn) {
	kept := t.Freezes[:0]
	for _, w := range t.Freezes {
		if t.now.Before(w.To) {
			kept = append(kept, w)
			continue
		}
		t.record(KindThawed, "", w.Why)
	}
	t.Freezes = noneIfEmpty(kept)
}

// NextTick is when the site next needs a Tick; zero when time alone changes nothing.
// Scheduled requests are not counted: see Site.Scheduled.
func (s Site) NextTick(now time.Time) time.Time {
	if aheadOf(s, now) > clockSlack {
		return now
	}
	next := nextOfState(s, now)
	if !s.Pause.At.IsZero() && !s.Pause.Until.IsZero() {
		next = sooner(next, s.Pause.Until)
	}
	for _, w := range s.Freezes {
		next = sooner(next, w.To)
	}
	return next
}

func nextOfState(s Site, now time.Time) time.Time {
	r := s.Current
	switch s.State {
	case Ready:
		return time.Time{}
	case Requested:
		if r.Dispatch.Token != "" {
			return confirmBy(s)
		}
		due := s.DispatchDue(now).At // zero also for a release that waits for a slot: see WaitsForSlot
		if due.IsZero() {
			return due
		}
		return later(due, fingerprintBy(s))
	case Complete:
		return r.Times.Complete.Add(s.Policy.Deadlines.Complete)
	case Dispatched, Starting, InProgress:
		return nextLook(s)
	}
	return time.Time{}
}

// deadline is when the current phase is expected to have ended.
func deadline(s Site) time.Time {
	return s.Current.Times.Of(s.State).Add(s.Policy.Deadlines.of(s.State))
}

// nextLook is when the current run is to be looked up next: once it is late,
// silent or unknown, and not more often than allowed.
func nextLook(s Site) time.Time {
	r := s.Current
	doubt := earlier(deadline(s), r.Heard.Add(min(s.Policy.Silence, s.Policy.NoKnowledge)))
	return later(doubt, r.LookedUp.Add(s.Policy.lookEvery()))
}

// sooner is the earlier of two times; zero means never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	if b.IsZero() {
		return a
	}
	return earlier(a, b)
}

// clockSlack is how much a clock may be put back before the times are corrected: a few
// seconds only make a wait that much longer.
const clockSlack = 5 * time.Second

// aheadOf is how far the newest recorded instant of the release under way lies ahead of
// now: more than zero only after the clock was put back.
func aheadOf(s Site, now time.Time) time.Duration {
	if s.State == Ready {
		return 0
	}
	var newest time.Time
	for _, at := range instantsOf(&s) {
		if at.After(newest) {
			newest = *at
		}
	}
	return newest.Sub(now)
}

// instantsOf are the recorded instants of the release under way, by the clock of their time.
func instantsOf(s *Site) []*time.Time {
	r := &s.Current
	return []*time.Time{
		&r.Requests.First, &r.Requests.Last, &s.Waiting.First, &s.Waiting.Last, &r.Watermark, &r.Dispatch.Intended,
		&r.Fingerprint.Asked, &r.Fingerprint.Read, &r.NoSlot,
		&r.Times.Requested, &r.Times.Dispatched, &r.Times.Starting, &r.Times.InProgress, &r.Times.Complete,
		&r.Heard, &r.LookedUp, &r.Late, &r.Cancel.At,
	}
}

// followClock moves the recorded instants back with the clock. Otherwise every wait would
// last until the old time comes again. Times that people have set (a not-before, a
// pause's end, a freeze) stay.
func (t *turn) followClock() {
	back := aheadOf(t.Site, t.now)
	if back <= clockSlack {
		return
	}
	for _, at := range append(instantsOf(&t.Site), &t.Current.NotBefore) {
		if !at.IsZero() {
			*at = at.Add(-back)
		}
	}
	t.record(KindClock, "", fmt.Sprintf("the clock was put back by about %s", back.Round(time.Second)))
}
