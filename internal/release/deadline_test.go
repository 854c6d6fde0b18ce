package release

import (
	"testing"
	"time"
)

// watch lets time go by while every look-up is answered.
func (d *driver) watch(span time.Duration, answer func(Run) Event) {
	d.t.Helper()
	end := d.now.Add(span)
	for d.now.Before(end) {
		next := d.site.NextTick(d.now)
		if next.IsZero() || next.After(end) {
			d.now = end
			return
		}
		if next.After(d.now) {
			d.now = next
		}
		for _, e := range d.tick() {
			if look, ok := e.(LookUpRun); ok && answer != nil {
				d.do(answer(look.Run))
			}
		}
	}
}

func seen(run Run) Event    { return RunSeen{Run: run} }
func missing(run Run) Event { return RunMissing{Run: run} }

func TestAWebhook71MinutesLateGivesNoFalseResetWhenLookUpsSeeTheRun(t *testing.T) {
	for _, state := range []State{Dispatched, Starting, InProgress} {
		t.Run(string(state), func(t *testing.T) {
			d := newDriver(t).to(state)
			d.watch(71*time.Minute, seen)
			d.mustBe(state)
			if d.site.Number != 1 {
				t.Fatalf("#%d", d.site.Number)
			}
			d.to(Ready)
		})
	}
}

func TestSilenceNeverResetsByItself(t *testing.T) {
	for _, state := range []State{Dispatched, Starting, InProgress} {
		t.Run(string(state), func(t *testing.T) {
			d := newDriver(t).to(state)
			d.watch(39*time.Minute, nil)
			d.mustBe(state)
			if count[LookUpRun](d.log) < 10 {
				t.Errorf("looked up %d times", count[LookUpRun](d.log))
			}
		})
	}
}

func TestWithNoKnowledgeAtAllARunIsGivenUpAfter40Minutes(t *testing.T) {
	for _, state := range []State{Dispatched, Starting, InProgress} {
		t.Run(string(state), func(t *testing.T) {
			d := newDriver(t).to(state)
			since, run := d.site.Current.Heard, d.run()
			for d.site.Number == 1 {
				d.watch(time.Second, nil)
			}
			if after := d.now.Sub(since); after < 40*time.Minute || after > 41*time.Minute {
				t.Errorf("given up after %s", after)
			}
			if r := d.site.Last; r.Outcome != Stale || r.Run != run || r.Fault != FaultPlatform {
				t.Errorf("%+v", r)
			}
			if count[CancelRun](d.log) != 1 {
				t.Error("a run that may still work was not told to stop")
			}
		})
	}
}

// What nobody asked about proves nothing: after a stop of our own the run is
// looked up before it is given up.
func TestAnHourWithoutTicksIsNoSilenceOfTheRun(t *testing.T) {
	for _, restarted := range []bool{false, true} {
		d := newDriver(t).to(InProgress)
		d.pass(2 * time.Minute)
		d.wait(time.Hour)
		if restarted {
			d.do(Restarted{})
		}
		d.tick()
		d.wait(time.Second) // the answer to the look takes longer
		d.tick()
		d.mustBe(InProgress)
		d.do(RunSeen{Run: d.run()})
		d.watch(5*time.Minute, seen)
		d.mustBe(InProgress)
		if d.site.Number != 1 {
			t.Error("reset without a look")
		}
	}
}

func TestAMissingRunIsStaleOnlyPastItsDeadline(t *testing.T) {
	d := newDriver(t).to(Starting)
	d.watch(20*time.Minute-time.Second, missing)
	d.mustBe(Starting)
	d.watch(time.Minute, missing)
	if r := d.site.Last; r.Outcome != Stale || d.site.Number != 2 {
		t.Errorf("%+v", r)
	}
}

func TestAMissingRunThatIsToBeCancelledIsLetGo(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.do(CancelRelease{Act: by("wrong")})
	d.unchanged(RunMissing{Run: d.run()}) // it was heard of a second ago
	d.watch(2*time.Minute, missing)
	if d.site.Last.Outcome != Cancelled {
		t.Errorf("%+v", d.site.Last)
	}
}

func TestACancelledRunOfWhichNothingIsKnownIsGivenUpAsCancelled(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.do(CancelRelease{Act: by("wrong")})
	d.watch(41*time.Minute, nil)
	if d.site.Last.Outcome != Cancelled || d.site.Failures != 0 {
		t.Errorf("%+v", d.site.Last)
	}
}

func TestARunWithHeartbeatsIsNotLookedUp(t *testing.T) {
	d := newDriver(t).to(InProgress)
	for range 100 {
		d.pass(30 * time.Second)
		d.do(Heartbeat{Release: 1, Run: d.run(), Note: "builds"})
	}
	if n := count[LookUpRun](d.log); n != 0 {
		t.Errorf("looked up %d times", n)
	}
}

// Without webhooks, and without the run's own help.
func TestADeadRunIsKnownWithinAMinute(t *testing.T) {
	for _, state := range []State{Dispatched, Starting, InProgress} {
		d := newDriver(t).to(state)
		d.watch(7*time.Minute, seen)
		died := d.now
		d.watch(time.Minute, func(run Run) Event { return RunEnded{Run: run, Conclusion: RunDied} })
		if d.site.Number != 2 || d.site.Last.Times.Ended.Sub(died) > time.Minute {
			t.Errorf("%s: not noticed within a minute", state)
		}
	}
}

func TestALateRunIsNotedOnceAndLookedUp(t *testing.T) {
	for state, deadline := range map[State]time.Duration{
		Dispatched: 30 * time.Minute, Starting: 20 * time.Minute, InProgress: 90 * time.Minute,
	} {
		d := newDriver(t).to(state)
		d.watch(deadline-2*time.Second, seen)
		if !d.site.Current.Late.IsZero() {
			t.Errorf("%s: late too early", state)
		}
		d.watch(5*time.Hour, seen)
		d.mustBe(state)
		late := 0
		for _, e := range d.log {
			if r, ok := e.(Record); ok && r.Kind == KindLate {
				late++
			}
		}
		if late != 1 || d.site.Current.Late.IsZero() {
			t.Errorf("%s: %d notes that it is late", state, late)
		}
	}
}

func TestALateRunIsLookedUpThoughItSendsHeartbeats(t *testing.T) {
	d := newDriver(t).to(Starting)
	for range 25 {
		d.pass(time.Minute)
		d.do(Heartbeat{Release: 1, Run: d.run()})
	}
	if count[LookUpRun](d.log) == 0 {
		t.Error("never looked up")
	}
}

func TestLookUpsKeepTheirDistance(t *testing.T) {
	d := newDriver(t).to(InProgress)
	var last time.Time
	for range 200 {
		d.wait(7 * time.Second)
		if count[LookUpRun](d.tick()) == 0 {
			continue
		}
		if !last.IsZero() && d.now.Sub(last) < 30*time.Second {
			t.Fatalf("looked up again after %s", d.now.Sub(last))
		}
		last = d.now
	}
	if last.IsZero() {
		t.Error("never looked up")
	}
}

func TestRestartedGivesARunItsWholeTimeAgain(t *testing.T) {
	d := newDriver(t)
	d.unchanged(Restarted{})
	d.to(Requested)
	d.unchanged(Restarted{})
	d.to(InProgress)
	d.wait(50 * time.Minute)
	d.do(Restarted{})
	d.watch(39*time.Minute, nil)
	d.mustBe(InProgress)
	d.to(Complete)
	d.unchanged(Restarted{})
}

func TestARunIsGivenUpThoughLongerSilenceIsAllowed(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.site.Policy.Silence = 10 * time.Hour
	d.watch(42*time.Minute, nil)
	if d.site.Last.Outcome != Stale {
		t.Errorf("%+v", d.site.Current)
	}
}

// The app was away for an hour, right after it had sent the dispatch: whether a
// run came of it is looked for before anybody is told that it failed.
func TestRestartedGivesADispatchItsWholeTimeAgain(t *testing.T) {
	d := newDriver(t)
	d.request(FromEditor)
	d.send()
	d.wait(time.Hour)
	d.do(Restarted{})
	d.pass(9 * time.Minute)
	d.mustBe(Requested)
	if d.site.Number != 1 {
		t.Fatalf("given up without a look: %+v", d.site.Last)
	}
	d.confirm()
	d.to(Ready)
	d.request(FromEditor)
	d.send()
	d.wait(time.Hour)
	d.do(Restarted{})
	d.pass(11 * time.Minute)
	if d.site.Last.Number != 2 || d.site.Last.Outcome != Failed {
		t.Errorf("a dispatch that nobody finds is waited for: %+v", d.site.Last)
	}
}
