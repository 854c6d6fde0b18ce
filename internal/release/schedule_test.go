package release

import (
	"testing"
	"time"
)

func TestAScheduledRequestHasNoPlaceUntilItIsDue(t *testing.T) {
	d := newDriver(t)
	due := d.now.Add(time.Hour)
	d.do(RequestAccepted{Source: FromEditor, NotBefore: due})
	d.mustBe(Ready)
	if d.site.Accepted != 0 || !d.site.Scheduled.Equal(due) {
		t.Fatalf("accepted %d, scheduled %s", d.site.Accepted, d.site.Scheduled)
	}
	d.now = due
	d.do(RequestsDue{Sources: []Source{FromEditor}})
	d.mustBe(Requested)
	if d.site.Accepted != 1 || !d.site.Scheduled.IsZero() {
		t.Errorf("accepted %d, scheduled %s", d.site.Accepted, d.site.Scheduled)
	}
}

func TestTheNextScheduledRequestIsTheEarliest(t *testing.T) {
	d := newDriver(t)
	at := func(hours int) time.Time { return monday.Add(time.Duration(hours) * time.Hour) }
	for _, hours := range []int{3, 1, 2} {
		d.do(RequestAccepted{Source: FromContent, NotBefore: at(hours)})
	}
	if !d.site.Scheduled.Equal(at(1)) {
		t.Fatalf("scheduled %s", d.site.Scheduled)
	}
	d.now = at(1)
	d.do(RequestsDue{Sources: []Source{FromContent}, Next: at(2)})
	if !d.site.Scheduled.Equal(at(2)) {
		t.Errorf("scheduled %s", d.site.Scheduled)
	}
}

func TestANotBeforeThatHasPassedIsARequestForNow(t *testing.T) {
	d := newDriver(t)
	d.do(RequestAccepted{Source: FromEditor, NotBefore: d.now})
	if d.site.Accepted != 1 {
		t.Error("the request has no place")
	}
}

func TestScheduledRequestsWaitLikeOthersWhileContentIsRead(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.do(RequestAccepted{Source: FromEditor, NotBefore: d.now.Add(time.Minute)})
	d.wait(time.Minute)
	d.do(RequestsDue{Sources: []Source{FromEditor, FromSchedule}})
	if d.site.Waiting.Count != 2 || d.site.StatusAt(3) != Waiting {
		t.Errorf("%d wait, the last is %s", d.site.Waiting.Count, d.site.StatusAt(3))
	}
}

func TestAScheduledRequestDoesNotLiftAHoldBeforeItIsDue(t *testing.T) {
	d := newDriver(t)
	d.failUntilHeld()
	d.do(RequestAccepted{Source: FromEditor, NotBefore: d.now.Add(time.Hour)})
	if !d.site.Hold.On() {
		t.Fatal("lifted an hour too early")
	}
	d.wait(time.Hour)
	d.do(RequestsDue{Sources: []Source{FromEditor}})
	if d.site.Hold.On() {
		t.Error("still held although an editor's request is due")
	}
}

func TestATimeThatCannotBeWrittenDownIsRefused(t *testing.T) {
	never := time.Date(20_000, 1, 1, 0, 0, 0, 0, time.UTC)
	d := newDriver(t)
	d.refused(RequestAccepted{Source: FromEditor, NotBefore: never}, CodeBadEvent)
	d.refused(RequestsDue{Next: never}, CodeBadEvent)
	d.refused(PauseSite{Until: never}, CodeBadEvent)
	d.refused(FreezeSite{Window: Window{ID: "f", From: d.now, To: never}}, CodeBadEvent)
}
