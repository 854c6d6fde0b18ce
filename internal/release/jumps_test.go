package release

import (
	"fmt"
	"testing"
	"time"
)

// jumps are what somebody, or NTP after a battery ran dry, sets a clock by.
var jumps = []time.Duration{time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, 365 * 24 * time.Hour, -365 * 24 * time.Hour}

// lookedAfter lets time go by: ticks as the site wants them, a runner that takes what
// is sent and answers each look, and no word of the run.
func (d *driver) lookedAfter(span time.Duration) {
	d.t.Helper()
	for end := d.now.Add(span); d.now.Before(end); {
		step := min(10*time.Second, end.Sub(d.now))
		before := count[LookUpRun](d.log)
		d.pass(step)
		if d.site.State == Requested && d.site.Current.Dispatch.Token != "" {
			d.confirm()
		}
		if count[LookUpRun](d.log) > before && d.run().ID != "" {
			d.do(RunSeen{Run: d.run()})
		}
	}
}

// A clock that is set under a release, forth or back or both, ends no run that lives,
// sends nothing twice and keeps nothing waiting.
func TestAClockThatIsSetUnderAReleaseChangesNothingOfIt(t *testing.T) {
	for _, state := range []State{Requested, Dispatched, Starting, InProgress, Complete} {
		for _, jump := range jumps {
			for _, back := range []time.Duration{0, time.Minute, 3 * time.Hour} {
				t.Run(fmt.Sprintf("%s by %s, back after %s", state, jump, back), func(t *testing.T) {
					d := newDriver(t)
					if state == Requested {
						d.request(FromEditor)
					} else {
						d.to(state)
					}
					d.wait(jump)
					if back > 0 {
						d.lookedAfter(min(back, 9*time.Minute))
						d.now = d.now.Add(-jump)
					}
					d.lookedAfter(2 * time.Minute)
					if state == Requested && d.sends() != 1 {
						t.Fatalf("%d dispatches after two minutes", d.sends())
					}
					if d.site.Last.Number != 0 && d.site.Last.Outcome != Succeeded {
						t.Fatalf("it ended as %s: %s", d.site.Last.Outcome, d.site.Last.Why)
					}
					for range 10 {
						if d.site.State == Ready {
							break
						}
						d.forward()
					}
					if d.site.Live.Number != 1 || d.site.Served != 1 || d.sends() > 1 {
						t.Errorf("live is #%d, %d places are served, %d were dispatched", d.site.Live.Number, d.site.Served, d.sends())
					}
					d.request(FromEditor) // and the next goes its way
					d.pass(2 * time.Minute)
					if d.sends() != 2 {
						t.Errorf("the next was dispatched %d times", d.sends()-1)
					}
				})
			}
		}
	}
}

// A release that waits to be tried again is, soon, however the clock is set.
func TestAClockThatIsSetKeepsNoRetryWaiting(t *testing.T) {
	for _, jump := range jumps {
		d := newDriver(t)
		d.to(InProgress)
		d.do(d.failure("the build broke"))
		d.wait(jump)
		d.pass(2 * time.Minute)
		if d.sends() != 2 {
			t.Errorf("by %s: %d dispatches", jump, d.sends())
		}
	}
}

// A clock that is put forward while a dispatch is on its way, or a machine that sleeps
// then, is no word about the runner: it has its time to confirm, once more.
func TestAClockThatIsPutForwardEndsNoDispatchThatIsOnItsWay(t *testing.T) {
	for _, jump := range jumps {
		d := newDriver(t)
		d.request(FromEditor)
		d.send()
		for range 3 {
			d.wait(jump)
			d.tick() // as a request that comes at that moment makes one
			if d.site.State != Requested || d.site.Current.Number != 1 {
				t.Fatalf("by %s: %s #%d: %s", jump, d.site.State, d.site.Current.Number, d.site.Last.Why)
			}
		}
		d.confirm()
		d.to(Ready)
		if d.site.Live.Number != 1 || d.sends() != 1 {
			t.Errorf("by %s: live is #%d after %d dispatches", jump, d.site.Live.Number, d.sends())
		}
	}
	d := newDriver(t) // and one that nobody confirms ends when that time is over
	d.request(FromEditor)
	d.send()
	d.wait(3 * time.Hour)
	d.tick()
	d.pass(d.site.Policy.Deadlines.Dispatch)
	if d.site.Last.Number != 1 || d.site.Last.Outcome != Failed {
		t.Errorf("nobody confirms: %s, the last is %+v", d.site.State, d.site.Last)
	}
}
