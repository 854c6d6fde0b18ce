package release

import (
	"slices"
	"testing"
	"time"
)

// failOnce lets the waiting release run and fail in the build.
func (d *driver) failOnce() {
	d.t.Helper()
	d.to(InProgress)
	d.do(d.failure("template broken"))
}

func (d *driver) failUntilHeld() {
	d.t.Helper()
	for range 10 {
		if d.failOnce(); d.site.Hold.On() {
			return
		}
	}
	d.t.Fatal("never held")
}

func TestAFailingBuildDoesNotLoop(t *testing.T) {
	d := newDriver(t)
	d.request(FromContent)
	var waits []time.Duration
	for !d.site.Hold.On() {
		d.failOnce()
		if due := d.site.DispatchDue(d.now); due.Why == DueRetry {
			waits = append(waits, due.At.Sub(d.now))
		}
	}
	if want := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}; !slices.Equal(waits, want) {
		t.Fatalf("retried after %v, want %v", waits, want)
	}
	sent := d.sends()
	d.pass(30 * 24 * time.Hour)
	if d.sends() != sent || sent != 4 {
		t.Errorf("%d sendings, then %d; want 4 and no more", sent, d.sends())
	}
	if d.site.StatusAt(1) != InRelease || d.site.Failures != 4 {
		t.Errorf("the request is %s after %d failures", d.site.StatusAt(1), d.site.Failures)
	}
	if n := count[Record](slices.DeleteFunc(slices.Clone(d.log), func(e Effect) bool {
		r, ok := e.(Record)
		return !ok || r.Kind != KindHeld
	})); n != 1 {
		t.Errorf("%d notices that the site is held", n)
	}
}

func TestARetryIsNotSentBeforeItsTime(t *testing.T) {
	d := newDriver(t)
	d.failOnce()
	d.pass(time.Minute - 1)
	if d.sends() != 1 {
		t.Fatal("retried too early")
	}
	d.pass(1)
	if d.sends() != 2 || d.site.Current.Retry != 1 {
		t.Errorf("%d sendings, retry of #%d", d.sends(), d.site.Current.Retry)
	}
}

func TestAPersonsRequestTriesAtOnceAndContentsDoesNot(t *testing.T) {
	for source, atOnce := range map[Source]bool{
		FromEditor: true, FromOperator: true, FromContent: false, FromSchedule: false, FromWorkflow: false,
	} {
		t.Run("retry/"+string(source), func(t *testing.T) {
			d := newDriver(t)
			d.failOnce()
			d.request(source)
			d.pass(d.site.Policy.MaxWait - time.Second)
			if sent := d.sends() == 2; sent != atOnce {
				t.Errorf("tried at once: %v", sent)
			}
		})
		t.Run("held/"+string(source), func(t *testing.T) {
			d := newDriver(t)
			d.failUntilHeld()
			sent := d.sends()
			d.request(source)
			d.pass(24 * time.Hour)
			if tried := d.sends() > sent; tried != atOnce {
				t.Errorf("tried: %v", tried)
			}
		})
	}
}

func TestAHeldSiteThatFailsAgainIsHeldAgain(t *testing.T) {
	d := newDriver(t)
	d.failUntilHeld()
	sent := d.sends()
	d.request(FromEditor)
	d.failOnce()
	d.pass(24 * time.Hour)
	if !d.site.Hold.On() || d.sends() != sent+1 {
		t.Errorf("held %v, %d more sendings", d.site.Hold.On(), d.sends()-sent)
	}
}

func TestASuccessForgetsTheFailures(t *testing.T) {
	d := newDriver(t)
	d.failUntilHeld()
	d.request(FromEditor)
	d.to(Ready)
	if d.site.Failures != 0 || d.site.Hold.On() {
		t.Fatalf("%d failures, held %v", d.site.Failures, d.site.Hold.On())
	}
	d.failOnce()
	if due := d.site.DispatchDue(d.now); due.At.Sub(d.now) != time.Minute {
		t.Errorf("retry after %s", due.At.Sub(d.now))
	}
}

func TestTheRequestsOfAFailedReleaseWaitAgainWithThoseThatCameSince(t *testing.T) {
	d := newDriver(t).to(InProgress)
	first := d.site.Current.Requests.First
	d.request(FromContent)
	d.do(d.failure("broken"))
	if g := d.site.Current.Requests; g.Count != 2 || !g.First.Equal(first) {
		t.Errorf("%+v", g)
	}
	if d.site.Last.Outcome != Failed || d.site.Last.Fault != FaultBuild || d.site.Last.Why != "broken" {
		t.Errorf("%+v", d.site.Last)
	}
}

func TestRetryAndResetEndAHold(t *testing.T) {
	for name, act := range map[string]Event{
		"retry": RetryNow{Act: by("mended")}, "reset": ResetSite{Act: by("mended")},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t)
			d.failUntilHeld()
			sent := d.sends()
			d.do(act)
			d.pass(0)
			if d.sends() != sent+1 {
				t.Errorf("not sent at once: %+v", d.site.DispatchDue(d.now))
			}
		})
	}
}

func TestRetryNowDoesNotWaitForTheDelay(t *testing.T) {
	d := newDriver(t)
	d.refused(RetryNow{Act: by("")}, CodeNothingToDo)
	d.failOnce()
	d.do(RetryNow{Act: by("mended")})
	d.pass(0)
	if d.sends() != 2 {
		t.Error("not sent at once")
	}
	d.refused(RetryNow{Act: by("again")}, CodeNothingToDo)
	d.to(InProgress)
	d.refused(RetryNow{Act: by("again")}, CodeNothingToDo)
}

func TestAPolicyWithoutRetriesHoldsAtOnce(t *testing.T) {
	d := newDriver(t)
	d.site.Policy.RetryDelays = nil
	d.failOnce()
	if !d.site.Hold.On() {
		t.Error("not held")
	}
}
