package release

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEightRequestsDuringARunningBuildMakeExactlyOneMoreRelease(t *testing.T) {
	d := newDriver(t).to(InProgress)
	for range 8 {
		d.request(FromContent)
		d.wait(time.Second)
	}
	if d.site.Number != 1 || d.site.Waiting.Count != 8 {
		t.Fatalf("release #%d with %d waiting, want #1 with 8", d.site.Number, d.site.Waiting.Count)
	}
	d.to(Complete).report(Ready)
	d.to(Ready).pass(time.Hour)
	if d.site.Number != 2 || d.site.Served != 9 || d.sends() != 2 {
		t.Errorf("%d releases, %d live, %d sent; want 2, 9, 2", d.site.Number, d.site.Served, d.sends())
	}
}

func TestTwentySavesInAMinuteMakeOneRelease(t *testing.T) {
	d := newDriver(t)
	for range 20 {
		d.request(FromContent)
		d.pass(3 * time.Second)
	}
	d.to(Ready)
	d.pass(time.Hour)
	if d.site.Number != 1 || d.sends() != 1 || d.site.Served != 20 {
		t.Errorf("%d releases, %d sent, %d live; want 1, 1, 20", d.site.Number, d.sends(), d.site.Served)
	}
}

func TestThreeHundredAndFiftyRequestsMakeOneRunningAndOneWaiting(t *testing.T) {
	d := newDriver(t).to(InProgress)
	for range 350 {
		d.request(FromEditor)
	}
	d.mustBe(InProgress)
	if d.site.Number != 1 || d.site.Waiting.Count != 350 {
		t.Fatalf("#%d and %d waiting", d.site.Number, d.site.Waiting.Count)
	}
	d.to(Complete).report(Ready)
	d.mustBe(Requested)
	if d.site.Current.Requests.Count != 350 || d.site.Waiting.Count != 0 {
		t.Errorf("the next release serves %d, %d wait", d.site.Current.Requests.Count, d.site.Waiting.Count)
	}
}

func TestAWaitingRequestIsNeverDroppedHoweverLongTheWait(t *testing.T) {
	d := newDriver(t).to(InProgress)
	d.request(FromEditor)
	for range 2000 { // a build that works on for days; VA.gov dropped it after an hour
		d.wait(5 * time.Minute)
		d.do(Heartbeat{Release: 1, Run: d.run()})
		d.tick()
	}
	d.mustBe(InProgress)
	d.to(Ready)
	d.to(Ready)
	if got := d.site.StatusAt(2); got != Live {
		t.Errorf("the request is %s", got)
	}
}

func TestDispatchWaitsForQuiet(t *testing.T) {
	d := newDriver(t)
	d.request(FromEditor)
	d.pass(9 * time.Second)
	d.request(FromEditor)
	d.pass(10*time.Second - 1)
	if d.sends() != 0 {
		t.Fatal("sent before the line was quiet")
	}
	d.pass(1)
	if d.sends() != 1 {
		t.Errorf("not sent although the line was quiet: %+v", d.site.DispatchDue(d.now))
	}
}

func TestAConstantStreamOfRequestsStillDispatchesAtTheMaximumWait(t *testing.T) {
	d := newDriver(t)
	for range 59 {
		d.request(FromContent)
		d.pass(time.Second)
	}
	if d.sends() != 0 {
		t.Fatal("sent before the maximum wait")
	}
	d.request(FromContent)
	d.pass(time.Second)
	if d.sends() != 1 {
		t.Errorf("not sent at the maximum wait: %+v", d.site.DispatchDue(d.now))
	}
}

func TestDispatchDueSaysWhenAndWhy(t *testing.T) {
	d := newDriver(t)
	if due := d.site.DispatchDue(d.now); due != (Due{Why: DueNothing}) {
		t.Errorf("ready: %+v", due)
	}
	d.request(FromEditor)
	if due := d.site.DispatchDue(d.now); due != (Due{At: d.now.Add(10 * time.Second), Why: DueGrouping}) {
		t.Errorf("grouping: %+v", due)
	}
	if next := d.site.NextTick(d.now); !next.Equal(d.now.Add(10 * time.Second)) {
		t.Errorf("next tick at %s", next)
	}
	d.send()
	if due := d.site.DispatchDue(d.now); due != (Due{Why: DueNothing}) {
		t.Errorf("sent: %+v", due)
	}
}

func TestWithoutQuietADispatchIsDueAtOnce(t *testing.T) {
	d := newDriver(t)
	d.site.Policy.Quiet = 0
	d.request(FromEditor)
	d.pass(0)
	if d.sends() != 1 {
		t.Error("not sent at once")
	}
}

func TestRequestsJoinUntilInProgressAndThenWait(t *testing.T) {
	for _, state := range []State{Requested, Dispatched, Starting} {
		d := newDriver(t).to(state)
		d.request(FromContent)
		if d.site.StatusAt(2) != InRelease || d.site.Waiting.Count != 0 {
			t.Errorf("%s: the request is %s", state, d.site.StatusAt(2))
		}
		if d.to(Ready); d.site.StatusAt(2) != Live || d.site.Number != 1 {
			t.Errorf("%s: the request was not served by the release that it joined", state)
		}
	}
	for _, state := range []State{InProgress, Complete} {
		d := newDriver(t).to(state)
		d.request(FromContent)
		if d.site.StatusAt(2) != Waiting {
			t.Errorf("%s: the request is %s", state, d.site.StatusAt(2))
		}
		if d.to(Complete).report(Ready); d.site.State != Requested || d.site.StatusAt(2) != InRelease {
			t.Errorf("%s: %s, the request is %s", state, d.site.State, d.site.StatusAt(2))
		}
	}
}

func TestARequestJoinsWhileTheDispatchIsOnItsWay(t *testing.T) {
	d := newDriver(t).to(Requested)
	d.send()
	d.request(FromEditor)
	d.confirm()
	if d.site.StatusAt(2) != InRelease || d.sends() != 1 {
		t.Errorf("%s after %d sendings", d.site.StatusAt(2), d.sends())
	}
}

func TestTheWatermarkIsSetWhenInProgressBegins(t *testing.T) {
	d := newDriver(t).to(Starting)
	d.request(FromContent)
	d.wait(time.Minute)
	d.report(InProgress)
	if r := d.site.Current; !r.Watermark.Equal(d.now) || r.Upto != 2 {
		t.Fatalf("watermark %s up to %d, want %s up to 2", r.Watermark, r.Upto, d.now)
	}
	mark := d.site.Current.Watermark
	d.wait(time.Second)
	d.request(FromContent)
	d.report(InProgress) // again: the answer was lost
	if r := d.site.Current; !r.Watermark.Equal(mark) || r.Upto != 2 {
		t.Errorf("the watermark moved to %s, up to %d", r.Watermark, r.Upto)
	}
	if d.report(Complete); d.site.Served != 2 || d.site.StatusAt(3) != Waiting {
		t.Errorf("served %d; the third request is %s", d.site.Served, d.site.StatusAt(3))
	}
}

// A stale "success" must never be shown for a newer change.
func TestStatusOfARequestAlongItsWay(t *testing.T) {
	d := newDriver(t)
	want := map[State]Status{
		Requested: InRelease, Dispatched: InRelease, Starting: InRelease,
		InProgress: InRelease, Complete: Live, Ready: Live,
	}
	if got := d.site.StatusAt(0); got != Scheduled {
		t.Errorf("a request without a place is %s", got)
	}
	got := map[State]Status{}
	for range want {
		d.forward()
		got[d.site.State] = d.site.StatusAt(1)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheClockMayGoBackALittle(t *testing.T) {
	d := newDriver(t)
	d.request(FromEditor)
	d.wait(-3 * time.Second)
	d.request(FromEditor)
	g := d.site.Current.Requests
	if g.First.After(g.Last) || g.Count != 2 {
		t.Fatalf("%+v", g)
	}
	for d.site.State != Ready {
		d.forward()
		d.wait(-2 * time.Second)
		d.tick()
	}
	if d.site.Served != 2 {
		t.Errorf("served %d", d.site.Served)
	}
}
