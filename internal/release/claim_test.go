package release

import (
	"slices"
	"testing"
	"time"
)

func TestAClaimHasOneWinnerForEver(t *testing.T) {
	d, token := sent(t)
	d.confirm()
	c := d.claim()
	other := Claim{Release: 1, Token: token, Run: Run{ID: "other", Attempt: 1}}
	for _, state := range []State{Starting, InProgress, Complete} {
		d.to(state)
		d.refused(other, CodeDuplicateRun)
		d.do(c) // the winner asks again, and is told the same
		d.mustBe(state)
	}
	d.report(Ready)
	d.refused(other, CodeReleaseOver)
	d.refused(c, CodeReleaseOver)
}

func TestAClaimNeedsTheTokenOfItsRelease(t *testing.T) {
	d, token := sent(t)
	run := d.newRun()
	for want, c := range map[Code]Claim{
		CodeOtherRelease: {Release: 1, Token: "guessed", Run: run},
		CodeNoRelease:    {Release: 2, Token: token, Run: run},
		CodeBadEvent:     {Release: 1, Token: token, Run: Run{Attempt: 1}},
	} {
		d.refused(c, want)
	}
	d.refused(Claim{Release: 1, Run: run}, CodeOtherRelease)
	d.refused(Claim{Release: 1, Token: token, Run: Run{ID: "r"}}, CodeBadEvent)
	d.do(Claim{Release: 1, Token: token, Run: run})
}

func TestAClaimMayBeFasterThanTheConfirmation(t *testing.T) {
	d, token := sent(t)
	run := d.newRun()
	effects := d.do(Claim{Release: 1, Token: token, Run: run})
	d.mustBe(Starting)
	var told []string
	for _, e := range effects {
		if r, ok := e.(Record); ok {
			told = append(told, r.Kind)
		}
	}
	if want := []string{KindDispatched, KindStarting}; !slices.Equal(told, want) || d.site.Current.Times.Dispatched.IsZero() {
		t.Errorf("told %q, want %q as when the confirmation is faster", told, want)
	}
	d.unchanged(DispatchConfirmed{Token: token, Run: run})
	if count[CancelRun](d.effects) != 0 {
		t.Error("its run was cancelled")
	}
	d.to(Ready)
}

// The "Run workflow" button, or a workflow's own schedule: its request is
// accepted first, then it claims the site's turn.
func TestAClaimByAnUndispatchedRunInEveryState(t *testing.T) {
	button := Claim{Run: Run{ID: "button", Attempt: 1}}
	for _, state := range States {
		t.Run(string(state), func(t *testing.T) {
			d := newDriver(t).to(state)
			switch state {
			case Ready:
				d.refused(button, CodeNothingToDo)
				d.request(FromWorkflow)
				d.do(button)
			case Requested:
				d.request(FromWorkflow)
				d.do(button)
			case Dispatched, Starting, InProgress, Complete:
				d.request(FromWorkflow)
				d.refused(button, CodeNotYourTurn)
				return
			}
			d.mustBe(Starting)
			d.do(button)
			d.to(Ready)
			if d.site.Served != d.site.Accepted || d.sends() > 1 {
				t.Errorf("%d of %d live", d.site.Served, d.site.Accepted)
			}
		})
	}
}

func TestAnUndispatchedRunTakesTheReleaseOfADispatchOnItsWay(t *testing.T) {
	d, token := sent(t)
	d.do(Claim{Run: Run{ID: "button", Attempt: 1}})
	late := d.newRun()
	d.unchanged(DispatchConfirmed{Token: token, Run: late})
	if count[CancelRun](d.effects) != 1 {
		t.Error("the dispatched run has nothing to do and was left alone")
	}
	d.refused(Claim{Release: 1, Token: token, Run: late}, CodeDuplicateRun)
	d.to(Ready)
}

func TestAnUndispatchedRunIsHeldBackByPauseFreezeAndCancel(t *testing.T) {
	button := Claim{Run: Run{ID: "button", Attempt: 1}}
	d := newDriver(t).to(Requested)
	d.do(PauseSite{Act: by("night")})
	d.refused(button, CodePaused)
	d.do(ResumeSite{})
	d.do(FreezeSite{Window: Window{ID: "x", From: d.now, To: d.now.Add(time.Hour)}})
	d.refused(button, CodeFrozen)
	d.do(ThawSite{ID: "x"})
	d.send()
	d.do(CancelRelease{Act: by("wrong")})
	d.refused(button, CodeNotYourTurn)
}

func TestAnUndispatchedRunEndsAHold(t *testing.T) {
	d := newDriver(t)
	d.failUntilHeld()
	d.request(FromWorkflow)
	d.do(Claim{Run: Run{ID: "button", Attempt: 1}})
	if d.site.Hold.On() {
		t.Error("still held")
	}
}

func TestAReRunTakesTheRetryOver(t *testing.T) {
	d := newDriver(t)
	d.to(Dispatched)
	c := d.claim()
	d.to(InProgress)
	d.do(d.failure("flaky"))
	d.mustBe(Requested)

	c.Run.Attempt = 2
	d.do(c)
	d.mustBe(Starting)
	if r := d.site.Current; r.Number != 2 || r.Retry != 1 || r.Run != c.Run {
		t.Fatalf("%+v", r)
	}
	d.do(c) // it asks again, knowing only the first number
	d.to(InProgress)
	d.do(c)
	d.do(d.failure("flaky again"))

	c.Run.Attempt = 3
	d.do(c)
	d.to(Ready)
	if d.site.Live.Number != 3 || d.sends() != 1 {
		t.Errorf("live #%d after %d sendings", d.site.Live.Number, d.sends())
	}
	c.Run.Attempt = 4
	d.refused(c, CodeReleaseOver)
}

func TestAReRunTakesNothingThatIsNotItsOwn(t *testing.T) {
	failed := func(t *testing.T) (*driver, Claim) {
		t.Helper()
		d := newDriver(t).to(Dispatched)
		c := d.claim()
		d.do(d.failure("flaky"))
		c.Run.Attempt = 2
		return d, c
	}
	t.Run("the same attempt", func(t *testing.T) {
		d, c := failed(t)
		c.Run.Attempt = 1
		d.refused(c, CodeReleaseOver)
	})
	t.Run("another run", func(t *testing.T) {
		d, c := failed(t)
		c.Run.ID = "other"
		d.refused(c, CodeReleaseOver)
	})
	t.Run("the retry is on its way", func(t *testing.T) {
		d, c := failed(t)
		d.send()
		d.refused(c, CodeReleaseOver)
	})
	t.Run("paused", func(t *testing.T) {
		d, c := failed(t)
		d.do(PauseSite{Act: by("night")})
		d.refused(c, CodePaused)
	})
	t.Run("reset", func(t *testing.T) {
		d := newDriver(t).to(Dispatched)
		c := d.claim()
		d.do(ResetSite{Act: by("stuck")})
		c.Run.Attempt = 2
		d.refused(c, CodeReleaseOver)
	})
}

func TestANewAttemptTakesOverFromTheBeginning(t *testing.T) {
	d := newDriver(t).to(InProgress)
	old := d.run()
	report := d.next(Complete)
	d.request(FromEditor)
	if d.site.StatusAt(2) != Waiting {
		t.Fatal("want a request that waits")
	}
	c := Claim{Release: 1, Token: d.site.Current.Dispatch.Token, Run: Run{ID: old.ID, Attempt: 2}}
	d.do(c)
	d.mustBe(Starting)
	if d.site.StatusAt(2) != InRelease || !d.site.Current.Watermark.IsZero() {
		t.Errorf("nothing has been read yet, and the request is %s", d.site.StatusAt(2))
	}
	d.refused(report, CodeOldAttempt)
	d.refused(Heartbeat{Release: 1, Run: old}, CodeOldAttempt)
	d.refused(Failure{Release: 1, Run: old, Why: "killed"}, CodeOldAttempt)
	d.refused(RunEnded{Run: old, Conclusion: RunCancelled}, CodeOldAttempt)
	d.refused(Claim{Release: 1, Token: c.Token, Run: old}, CodeOldAttempt)
	d.do(Report{Release: 1, Run: c.Run, Sequence: 1, To: InProgress}) // it counts from 1 again
	d.to(Complete)
	if d.site.StatusAt(2) != Live {
		t.Errorf("the request is %s", d.site.StatusAt(2))
	}
	c.Run.Attempt = 3
	d.refused(c, CodeAlreadyLive)
}
