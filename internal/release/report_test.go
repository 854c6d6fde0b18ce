package release

import (
	"testing"
)

func TestReportsOfOthersAreConflictsAndChangeNothing(t *testing.T) {
	for _, state := range []State{Starting, InProgress, Complete} {
		t.Run(string(state), func(t *testing.T) {
			d := newDriver(t).to(state)
			for _, to := range States {
				r := d.next(to)
				other, newer, release := r, r, r
				other.Run.ID = "other"
				newer.Run.Attempt = 2
				release.Release = 2
				d.refused(other, CodeOtherRun)
				d.refused(newer, CodeOtherRun)
				d.refused(release, CodeNoRelease)
			}
			d.refused(Heartbeat{Release: 1, Run: Run{ID: "other", Attempt: 1}}, CodeOtherRun)
			d.refused(Failure{Release: 1, Run: Run{ID: "other", Attempt: 1}}, CodeOtherRun)
			d.refused(RunSeen{Run: Run{ID: "other", Attempt: 1}}, CodeOtherRun)
			d.refused(RunMissing{Run: Run{ID: "other", Attempt: 1}}, CodeOtherRun)
		})
	}
}

func TestARunThatHasNotClaimedReportsNothing(t *testing.T) {
	d := newDriver(t).to(Dispatched)
	d.refused(d.next(InProgress), CodeInvalidTransition)
	d.refused(Heartbeat{Release: 1, Run: d.run()}, CodeInvalidTransition)
	d.refused(d.failure("?"), CodeInvalidTransition)
}

func TestAnOlderSequenceIsAConflict(t *testing.T) {
	d := newDriver(t).to(Starting)
	started := d.report(Starting)
	reading := d.report(InProgress)
	d.refused(started, CodeOldSequence)
	d.unchanged(reading)
	same := reading
	same.To = Complete
	d.refused(same, CodeOldSequence)
	d.refused(Report{Release: 1, Run: d.run(), To: Complete}, CodeBadEvent)
	d.refused(Report{Release: 1, Run: d.run(), Sequence: 9, To: "live"}, CodeBadEvent)
	f := d.failure("late")
	f.Sequence = reading.Sequence
	d.refused(f, CodeOldSequence)
}

func TestDuplicateReportsAreAcknowledgedAgain(t *testing.T) {
	d := newDriver(t).to(Starting)
	for _, to := range []State{Starting, InProgress, Complete} {
		d.unchanged(d.report(to))
	}
	complete := d.next(Complete)
	ready := d.report(Ready)
	d.unchanged(ready)
	d.unchanged(complete) // its answer was lost
	d.request(FromEditor)
	d.unchanged(ready)
	d.mustBe(Requested)
}

func TestADuplicateFailureIsAcknowledgedAgain(t *testing.T) {
	d := newDriver(t).to(InProgress)
	f := d.failure("broken")
	d.do(f)
	d.unchanged(f)
	if d.site.Failures != 1 {
		t.Errorf("%d failures", d.site.Failures)
	}
}

func TestLateReportsOfAResetReleaseAreRefused(t *testing.T) {
	for _, state := range []State{Starting, InProgress} {
		d := newDriver(t).to(state)
		run, last := d.run(), d.next(state)
		late := []Event{
			d.next(InProgress), d.next(Complete), d.next(Ready), last, d.failure("late"),
			Heartbeat{Release: 1, Run: run},
		}
		d.do(ResetSite{Act: by("stuck")})
		for range 2 { // also while the next release is under way
			for _, event := range late {
				d.refused(event, CodeReleaseOver)
			}
			d.refused(RunEnded{Run: run, Conclusion: RunCancelled}, CodeOtherRun)
			d.refused(RunSeen{Run: run}, CodeOtherRun)
			d.to(InProgress)
		}
		d.to(Ready)
		if d.site.Served != 1 || d.site.Live.Number != 2 {
			t.Errorf("served %d by #%d", d.site.Served, d.site.Live.Number)
		}
	}
}

// Complete is the point of no return: what is live is a success.
func TestARunThatDiesBetweenCompleteAndReadyIsASuccess(t *testing.T) {
	for name, event := range map[string]func(*driver) Event{
		"died":      func(d *driver) Event { return RunEnded{Run: d.run(), Conclusion: RunDied} },
		"cancelled": func(d *driver) Event { return RunEnded{Run: d.run(), Conclusion: RunCancelled} },
		"missing":   func(d *driver) Event { return RunMissing{Run: d.run()} },
		"failed":    func(d *driver) Event { return d.failure("the metrics step broke") },
		"reset":     func(*driver) Event { return ResetSite{Act: by("stuck")} },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t).to(Complete)
			d.do(event(d))
			d.mustBe(Ready)
			if d.site.Live.Number != 1 || d.site.Last.Outcome != Succeeded || d.site.Failures != 0 {
				t.Errorf("%+v", d.site.Last)
			}
		})
	}
	t.Run("silent", func(t *testing.T) {
		d := newDriver(t).to(Complete)
		d.pass(d.site.Policy.Deadlines.Complete)
		d.mustBe(Ready)
		if d.site.Last.Outcome != Succeeded {
			t.Errorf("%+v", d.site.Last)
		}
	})
	t.Run("cancel", func(t *testing.T) {
		newDriver(t).to(Complete).refused(CancelRelease{Act: by("no")}, CodeAlreadyLive)
	})
}

func TestARunThatIsOverEndsItsReleaseWithoutItsHelp(t *testing.T) {
	for conclusion, want := range map[Conclusion]Outcome{
		RunCancelled: Cancelled, RunTimedOut: Failed, RunDied: Failed,
		RunNeverStarted: Failed, RunSucceeded: Failed, RunFailed: Failed, "neutral": Failed,
	} {
		for _, state := range []State{Dispatched, Starting, InProgress} {
			t.Run(string(conclusion)+" in "+string(state), func(t *testing.T) {
				d := newDriver(t).to(state)
				run := d.run()
				d.do(RunEnded{Run: run, Conclusion: conclusion, Why: "exit 137"})
				if r := d.site.Last; r.Outcome != want || r.Why == "" || r.Fault == "" {
					t.Fatalf("%+v", r)
				}
				if due := d.site.DispatchDue(d.now); due.Why != DueRetry {
					t.Errorf("not retried: %+v", due)
				}
				d.refused(RunEnded{Run: run, Conclusion: conclusion}, CodeOtherRun)
			})
		}
	}
}

// What a failed run left behind says whose fault it was and which guards stopped it, though
// its report was lost: they can be let pass all the same.
func TestARunWhoseReportWasLostTellsWhichGuardsStoppedIt(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.do(RunEnded{Run: d.run(), Conclusion: RunFailed, Why: "too many pages are gone", Fault: FaultContent, Guards: GuardsOf("vanished-pages")})
	if r := d.site.Last; r.Guards != "vanished-pages" || r.Fault != FaultContent || d.site.Allowable() != "vanished-pages" {
		t.Errorf("%+v; %q can be let pass", r, d.site.Allowable())
	}
	d = newDriver(t).to(InProgress)
	d.do(RunEnded{Run: d.run(), Conclusion: RunDied, Fault: FaultContent, Guards: GuardsOf("vanished-pages")})
	if r := d.site.Last; r.Guards != "" || r.Fault != FaultPlatform {
		t.Errorf("a run that died: %+v", r)
	}
}

func TestARunWhoseReportWasLostAndThatIsKnownToBeLiveIsASuccess(t *testing.T) {
	d := newDriver(t).to(InProgress)
	complete, run := d.next(Complete), d.run()
	d.do(RunEnded{Run: run, Conclusion: RunSucceeded, Live: true})
	d.mustBe(Ready)
	if d.site.Served != 1 || d.site.Live.Number != 1 {
		t.Fatalf("%+v", d.site)
	}
	d.unchanged(complete)

	d = newDriver(t).to(Starting)
	d.do(RunEnded{Run: d.run(), Conclusion: RunSucceeded, Live: true})
	if d.site.Served != 0 {
		t.Error("a run that has read no content can't have published it")
	}
}

func TestNewsOfARunTellsPeopleHowItStands(t *testing.T) {
	d := newDriver(t).to(Dispatched)
	run := d.run()
	run.URL = "https://github.com/o/r/actions/runs/1"
	d.do(RunSeen{Run: run, Note: "waits for a runner"})
	if r := d.site.Current; r.Note != "waits for a runner" || r.Run.URL != run.URL {
		t.Errorf("%+v", r)
	}
	d.claim()
	d.do(Heartbeat{Release: 1, Run: d.run(), Note: "installs"})
	if r := d.site.Current; r.Note != "installs" || r.Run.URL != run.URL {
		t.Errorf("%+v", r)
	}
}
