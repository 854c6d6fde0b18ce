package release

import (
	"testing"
	"time"
)

// sent is a site whose release has been sent, with the answer outstanding.
func sent(t *testing.T) (*driver, string) {
	t.Helper()
	d := newDriver(t).to(Requested)
	d.send()
	return d, d.site.Current.Dispatch.Token
}

func TestAnUnknownDispatchIsLookedForAndOnlyThenSentAgain(t *testing.T) {
	d, token := sent(t)
	d.do(DispatchUnknown{Token: token, Why: "timed out"})
	d.unchanged(DispatchUnknown{Token: token, Why: "timed out"})
	d.pass(time.Minute)
	if d.sends() != 1 {
		t.Fatal("sent again before the token was looked for")
	}
	d.do(DispatchMissing{Token: token, Sent: 1})
	if d.sends() != 2 || d.site.Current.Dispatch.Token != token {
		t.Fatalf("%d sendings with token %s", d.sends(), d.site.Current.Dispatch.Token)
	}
	d.unchanged(DispatchMissing{Token: token, Sent: 1}) // the same answer given twice
	if d.sends() != 2 {
		t.Fatal("one answer sent it twice")
	}
	d.confirm()
	d.mustBe(Dispatched)
	d.unchanged(DispatchMissing{Token: token, Sent: 2})
}

func TestAnUnknownDispatchThatIsFoundIsNotSentAgain(t *testing.T) {
	d, token := sent(t)
	d.do(DispatchUnknown{Token: token, Why: "502"})
	d.confirm()
	d.unchanged(DispatchUnknown{Token: token, Why: "502"})
	if d.sends() != 1 || d.site.Current.Dispatch.Unknown != "" {
		t.Errorf("%d sendings, unknown %q", d.sends(), d.site.Current.Dispatch.Unknown)
	}
}

func TestARefusedDispatchNeverLeavesDispatched(t *testing.T) {
	d, token := sent(t)
	d.do(DispatchRefused{Token: token, Why: "no such workflow", Fault: FaultPlatform})
	d.mustBe(Requested)
	if r := d.site.Last; r.Outcome != Failed || !r.Times.Dispatched.IsZero() || r.Fault != FaultPlatform {
		t.Fatalf("%+v", r)
	}
	if due := d.site.DispatchDue(d.now); due.Why != DueRetry || due.At.Sub(d.now) != time.Minute {
		t.Errorf("%+v", due)
	}
	d.refused(DispatchRefused{Token: token, Why: "again"}, CodeReleaseOver)
}

func TestADispatchThatIsNeverConfirmedFails(t *testing.T) {
	d, token := sent(t)
	d.pass(10*time.Minute - 1)
	d.mustBe(Requested)
	if d.site.Number != 1 {
		t.Fatal("given up too early")
	}
	d.pass(1)
	if d.site.Last.Outcome != Failed || d.site.Number != 2 {
		t.Fatalf("%+v", d.site.Last)
	}
	// The run turns up after all: it gets nothing, and is stopped.
	late := d.newRun()
	d.unchanged(DispatchConfirmed{Token: token, Run: late})
	if count[CancelRun](d.effects) != 1 {
		t.Error("the late run was left alone")
	}
	d.refused(Claim{Release: 1, Token: token, Run: late}, CodeReleaseOver)
}

func TestADoubleConfirmationIsAcknowledged(t *testing.T) {
	d, token := sent(t)
	run := d.confirm()
	d.unchanged(DispatchConfirmed{Token: token, Run: run})
	d.claim()
	for _, state := range []State{Starting, InProgress, Complete} {
		d.to(state)
		d.unchanged(DispatchConfirmed{Token: token, Run: run})
		if count[CancelRun](d.effects) != 0 {
			t.Fatalf("%s: the release's own run was cancelled", state)
		}
	}
	d.report(Ready)
	d.unchanged(DispatchConfirmed{Token: token, Run: run})
	if count[CancelRun](d.effects) != 0 {
		t.Error("a run that is over was cancelled")
	}
}

func TestAConfirmationWithoutARunConfirmsNothing(t *testing.T) {
	d, token := sent(t)
	d.refused(DispatchConfirmed{Token: token}, CodeBadEvent)
	d.do(DispatchConfirmed{Token: token, Run: Run{ID: "77"}})
	if d.run().Attempt != 1 {
		t.Errorf("a new run is attempt %d", d.run().Attempt)
	}
}

func TestAnswersToADispatchThatIsOverChangeNothing(t *testing.T) {
	d, token := sent(t)
	d.do(ResetSite{Act: by("stuck")})
	for _, event := range []Event{
		DispatchRefused{Token: token},
		DispatchUnknown{Token: token},
		DispatchMissing{Token: token},
		DispatchMissing{},
	} {
		d.refused(event, CodeReleaseOver)
	}
	d.unchanged(DispatchConfirmed{Token: token, Run: d.newRun()})
}

func TestARefusalAfterTheClaimIsNotBelieved(t *testing.T) {
	d, token := sent(t)
	run := d.newRun()
	d.do(Claim{Release: 1, Token: token, Run: run})
	d.refused(DispatchRefused{Token: token, Why: "502"}, CodeInvalidTransition)
	d.unchanged(DispatchUnknown{Token: token, Why: "502"})
	d.unchanged(DispatchMissing{Token: token})
	d.mustBe(Starting)
}

func TestTheSecondRunOfADoubleDispatchGetsNothing(t *testing.T) {
	d, token := sent(t)
	d.do(DispatchMissing{Token: token, Sent: 1})
	first, second := d.newRun(), d.newRun()
	d.do(DispatchConfirmed{Token: token, Run: first})
	d.unchanged(DispatchConfirmed{Token: token, Run: second})
	d.do(Claim{Release: 1, Token: token, Run: second}) // whoever claims first
	d.refused(Claim{Release: 1, Token: token, Run: first}, CodeDuplicateRun)
	d.unchanged(DispatchConfirmed{Token: token, Run: first})
	if count[CancelRun](d.effects) != 1 {
		t.Error("the run that has nothing to do was left alone")
	}
	d.refused(RunEnded{Run: first, Conclusion: RunCancelled}, CodeOtherRun)
	d.to(Ready)
}

func TestCancelWhileTheOutcomeOfTheDispatchIsUnknown(t *testing.T) {
	cancelled := func(t *testing.T) (*driver, string) {
		t.Helper()
		d, token := sent(t)
		d.do(DispatchUnknown{Token: token, Why: "timed out"})
		d.do(CancelRelease{Act: by("wrong text")})
		d.mustBe(Requested)
		return d, token
	}
	check := func(t *testing.T, d *driver) {
		t.Helper()
		if r := d.site.Last; r.Outcome != Cancelled || r.By != "olga" || r.Why != "wrong text" || d.site.Failures != 0 {
			t.Fatalf("%+v", r)
		}
		sends := d.sends()
		if d.pass(24 * time.Hour); d.sends() != sends {
			t.Error("it was started again by itself")
		}
	}
	t.Run("missing", func(t *testing.T) {
		d, token := cancelled(t)
		d.do(DispatchMissing{Token: token, Sent: 1})
		check(t, d)
	})
	t.Run("refused", func(t *testing.T) {
		d, token := cancelled(t)
		d.do(DispatchRefused{Token: token, Why: "no such workflow"})
		check(t, d)
	})
	t.Run("never heard of", func(t *testing.T) {
		d, _ := cancelled(t)
		d.pass(10 * time.Minute)
		check(t, d)
	})
	t.Run("found", func(t *testing.T) {
		d, _ := cancelled(t)
		run := d.confirm()
		if count[CancelRun](d.effects) != 1 {
			t.Fatal("the run was not cancelled")
		}
		d.do(RunEnded{Run: run, Conclusion: RunCancelled})
		check(t, d)
	})
	t.Run("claimed", func(t *testing.T) {
		d, token := cancelled(t)
		run := d.newRun()
		d.do(Claim{Release: 1, Token: token, Run: run})
		if count[CancelRun](d.effects) != 1 {
			t.Fatal("the run was not cancelled")
		}
		d.do(RunEnded{Run: run, Conclusion: RunCancelled})
		check(t, d)
	})
}

func TestNothingIsSentAgainWhilePausedOrFrozen(t *testing.T) {
	for name, stop := range map[string]Event{
		"paused": PauseSite{Act: by("night")},
		"frozen": FreezeSite{Window: Window{ID: "x", From: monday, To: monday.Add(time.Hour)}},
	} {
		t.Run(name, func(t *testing.T) {
			d, token := sent(t)
			d.do(stop)
			d.do(DispatchMissing{Token: token, Sent: 1})
			if d.sends() != 1 || d.site.Current.Dispatch.Token != "" {
				t.Fatalf("%d sendings", d.sends())
			}
			d.refused(Claim{Release: 1, Token: token, Run: d.newRun()}, CodeOtherRelease)
			if name == "paused" {
				d.do(ResumeSite{})
				d.pass(0)
			} else {
				d.pass(time.Hour)
			}
			if d.sends() != 2 || d.site.Current.Dispatch.Token == token {
				t.Errorf("%d sendings after the stop", d.sends())
			}
		})
	}
}
