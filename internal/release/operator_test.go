package release

import (
	"testing"
	"time"
)

// recorded says whether the last step was recorded with who and why.
func (d *driver) recorded(kind string) bool {
	for _, e := range d.effects {
		if r, ok := e.(Record); ok && r.Kind == kind && r.By == "olga" && r.Why != "" {
			return true
		}
	}
	return false
}

func TestAPauseAcceptsEverythingAndDispatchesNothing(t *testing.T) {
	d := newDriver(t)
	d.do(PauseSite{Act: by("move to a new CDN")})
	if !d.recorded(KindPaused) {
		t.Errorf("not recorded: %v", d.effects)
	}
	for range 5 {
		d.request(FromOperator)
		d.pass(time.Hour)
	}
	if d.sends() != 0 || d.site.Accepted != 5 {
		t.Fatalf("%d sent, %d accepted", d.sends(), d.site.Accepted)
	}
	if due := d.site.DispatchDue(d.now); due.Why != DuePause || !due.At.IsZero() || due.Detail == "" {
		t.Errorf("%+v", due)
	}
	d.do(ResumeSite{Act: by("moved")})
	if !d.recorded(KindResumed) {
		t.Errorf("not recorded: %v", d.effects)
	}
	d.pass(0)
	if d.sends() != 1 {
		t.Error("not sent after the pause")
	}
	d.refused(ResumeSite{Act: by("again")}, CodeNothingToDo)
}

func TestAPauseWithAnEndEndsByItself(t *testing.T) {
	d := newDriver(t)
	end := d.now.Add(time.Hour)
	d.do(PauseSite{Act: by("maintenance"), Until: end})
	d.request(FromEditor)
	if due := d.site.DispatchDue(d.now); due.Why != DuePause || !due.At.Equal(end) {
		t.Errorf("%+v", due)
	}
	d.pass(time.Hour - 1)
	if d.sends() != 0 {
		t.Fatal("sent while paused")
	}
	d.pass(1)
	if d.sends() != 1 || !d.site.Pause.At.IsZero() {
		t.Errorf("%d sent, pause %+v", d.sends(), d.site.Pause)
	}
	d.refused(PauseSite{Until: d.now}, CodeBadEvent)
}

func TestAPauseOfAReadySiteEndsByItself(t *testing.T) {
	d := newDriver(t)
	d.do(PauseSite{Act: by("maintenance"), Until: d.now.Add(time.Hour)})
	d.pass(2 * time.Hour)
	if !d.site.Pause.At.IsZero() {
		t.Error("still paused")
	}
}

func TestAPauseLeavesARunningReleaseAlone(t *testing.T) {
	d := newDriver(t).to(Dispatched)
	d.do(PauseSite{Act: by("night")})
	d.to(InProgress)
	d.request(FromEditor)
	d.to(Complete).report(Ready)
	d.pass(time.Hour)
	d.mustBe(Requested)
	if d.sends() != 1 {
		t.Error("the next was sent while paused")
	}
}

func TestCancelInEveryState(t *testing.T) {
	for _, state := range States {
		t.Run(string(state), func(t *testing.T) {
			d := newDriver(t).to(state)
			cancel := CancelRelease{Act: by("wrong text")}
			switch state {
			case Ready:
				d.refused(cancel, CodeNothingToDo)
				return
			case Complete:
				d.refused(cancel, CodeAlreadyLive)
				return
			case Requested:
				d.do(cancel)
			case Dispatched, Starting, InProgress:
				run := d.run()
				d.do(cancel)
				d.mustBe(state) // until its run is known to be over
				if count[CancelRun](d.effects) != 1 || !d.recorded(KindCancelling) {
					t.Fatalf("%v", d.effects)
				}
				d.unchanged(cancel)
				if count[CancelRun](d.effects) != 1 {
					t.Fatal("asking again did not send another cancellation")
				}
				d.do(RunEnded{Run: run, Conclusion: RunCancelled})
			}
			if r := d.site.Last; r.Outcome != Cancelled || r.By != "olga" || r.Why != "wrong text" {
				t.Fatalf("%+v", r)
			}
			sends := d.sends()
			d.pass(24 * time.Hour)
			if d.sends() != sends || d.site.Failures != 0 {
				t.Fatal("started again by itself")
			}
			d.refused(cancel, CodeNothingToDo)
			d.request(FromContent) // the next request of any kind
			d.to(Ready)
			if d.site.Served != 2 {
				t.Errorf("served %d", d.site.Served)
			}
		})
	}
}

func TestARunThatIsCancelledAndSaysThatItFailedIsCancelled(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.do(CancelRelease{Act: by("wrong text")})
	f := d.failure("context canceled")
	d.do(f)
	if d.site.Last.Outcome != Cancelled || d.site.Failures != 0 || !d.site.Hold.On() {
		t.Errorf("%+v", d.site.Last)
	}
	d.unchanged(f)
}

func TestARunThatIsCancelledTooLateIsASuccess(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.do(CancelRelease{Act: by("wrong text")})
	d.to(Ready)
	if d.site.Last.Outcome != Succeeded || d.site.Hold.On() {
		t.Errorf("%+v", d.site.Last)
	}
}

// A cancellation is about what runs, not about what others asked for since.
func TestRequestsThatWereNotPartOfWhatWasCancelledAreNotHeld(t *testing.T) {
	cancel := CancelRelease{Act: by("wrong text")}
	for name, story := range map[string]func(*driver){
		"joined after the cancellation": func(d *driver) {
			d.to(Starting)
			d.do(cancel)
			d.request(FromContent)
		},
		"waits since the cancellation": func(d *driver) {
			d.to(InProgress)
			d.do(cancel)
			d.request(FromContent)
		},
		"waited before the cancellation": func(d *driver) {
			d.to(InProgress)
			d.request(FromContent)
			d.do(cancel)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t)
			story(d)
			d.do(RunEnded{Run: d.run(), Conclusion: RunCancelled})
			if d.site.Last.Outcome != Cancelled || d.site.Hold.On() {
				t.Fatalf("hold %+v after %+v", d.site.Hold, d.site.Last)
			}
			d.to(Ready)
			if d.site.Served != 2 {
				t.Errorf("served %d", d.site.Served)
			}
		})
	}
}

func TestResetGivesTheRequestsToTheNextReleaseAtOnce(t *testing.T) {
	d := newDriver(t)
	d.failUntilHeld()
	d.request(FromEditor)
	d.to(InProgress)
	d.request(FromContent)
	run := d.run()
	d.pass(2 * time.Minute)
	sends := d.sends()
	d.do(ResetSite{Act: by("it hangs")})
	if !d.recorded(KindReset) || d.site.Failures != 0 {
		t.Errorf("%d failures, %v", d.site.Failures, d.effects)
	}
	var cancelled bool
	for _, e := range d.effects {
		c, ok := e.(CancelRun)
		cancelled = cancelled || ok && c.Run == run
	}
	if !cancelled {
		t.Error("the old run was left alone")
	}
	d.pass(10 * time.Second)
	if d.sends() != sends+1 || d.site.Current.Requests.Count != 3 {
		t.Errorf("%d more sendings for %d requests", d.sends()-sends, d.site.Current.Requests.Count)
	}
}

func TestResetWhileTheDispatchIsOnItsWay(t *testing.T) {
	d, token := sent(t)
	d.do(ResetSite{Act: by("stuck")})
	if d.site.Last.Outcome != Superseded || d.site.Number != 2 {
		t.Fatalf("%+v", d.site.Last)
	}
	run := d.newRun()
	d.unchanged(DispatchConfirmed{Token: token, Run: run})
	if count[CancelRun](d.effects) != 1 {
		t.Error("the run of the old release was left alone")
	}
	d.refused(Claim{Release: 1, Token: token, Run: run}, CodeReleaseOver)
	d.to(Ready)
}

func TestResetDoesNotEndAPause(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.do(PauseSite{Act: by("night")})
	d.do(ResetSite{Act: by("stuck")})
	sends := d.sends()
	d.pass(time.Hour)
	if d.sends() != sends {
		t.Error("sent while paused")
	}
}

// Somebody looks at release #1, which ends; what they do must not hit release #2.
func TestAnActOnAReleaseThatIsOverHitsNoOther(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.request(FromEditor)
	d.to(Ready)
	d.mustBe(Requested)
	for _, number := range []int64{1, 3} {
		code := map[int64]Code{1: CodeReleaseOver, 3: CodeNoRelease}[number]
		d.refused(CancelRelease{Act: by("wrong"), Release: number}, code)
		d.refused(ResetSite{Act: by("stuck"), Release: number}, code)
		d.refused(RetryNow{Act: by("now"), Release: number}, code)
	}
	d.do(CancelRelease{Act: by("wrong"), Release: 2})
}
