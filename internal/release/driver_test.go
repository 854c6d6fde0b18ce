package release

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// monday is when the tests begin: 9 o'clock on a working day in New York.
var monday = time.Date(2026, time.March, 2, 14, 0, 0, 0, time.UTC)

// driver takes a site through a story. Every step that it takes is held
// against the invariants.
type driver struct {
	t       testing.TB
	site    Site
	now     time.Time
	effects []Effect // of the last step
	log     []Effect // of all steps
	tokens  int
	started int
}

func newDriver(tb testing.TB) *driver {
	tb.Helper()
	return &driver{t: tb, site: NewSite("www", DefaultPolicy()), now: monday}
}

// do takes a step that must not be refused.
func (d *driver) do(event Event) []Effect {
	d.t.Helper()
	before := d.site
	after, effects, err := checkedStep(d.t, before, event, d.now)
	if err != nil {
		d.t.Fatalf("%T in %s was refused: %v", event, before.State, err)
	}
	d.site, d.effects = after, effects
	d.log = append(d.log, effects...)
	return effects
}

// refused takes a step that must be refused with a code.
func (d *driver) refused(event Event, code Code) {
	d.t.Helper()
	_, _, err := checkedStep(d.t, d.site, event, d.now)
	var conflict *Conflict
	if !errors.As(err, &conflict) {
		d.t.Fatalf("%T in %s: want a conflict %q, got %v", event, d.site.State, code, err)
	}
	if conflict.Code != code {
		d.t.Fatalf("%T in %s: want code %q, got %q (%s)", event, d.site.State, code, conflict.Code, conflict.Text)
	}
}

// unchanged takes a step that is acknowledged and changes nothing.
func (d *driver) unchanged(event Event) {
	d.t.Helper()
	before := d.site
	d.do(event)
	if diff := cmp.Diff(before, d.site); diff != "" {
		d.t.Fatalf("%T in %s changed the site:\n%s", event, before.State, diff)
	}
}

func (d *driver) request(source Source) { d.t.Helper(); d.do(RequestAccepted{Source: source}) }

func (d *driver) wait(span time.Duration) { d.now = d.now.Add(span) }

func (d *driver) tick() []Effect {
	d.t.Helper()
	d.tokens++
	return d.do(Tick{Token: fmt.Sprintf("token-%d", d.tokens)})
}

// pass lets time go by, with a tick whenever the site wants one.
func (d *driver) pass(span time.Duration) {
	d.t.Helper()
	end := d.now.Add(span)
	for range 100_000 {
		next := d.site.NextTick(d.now)
		if next.IsZero() || next.After(end) {
			d.now = end
			return
		}
		if next.After(d.now) {
			d.now = next
		}
		d.tick()
	}
	d.t.Fatalf("ticking in %s makes no progress", d.site.State)
}

// sends counts the dispatches that were sent so far.
func (d *driver) sends() int { return count[SendDispatch](d.log) }

func count[E Effect](effects []Effect) int {
	n := 0
	for _, e := range effects {
		if _, ok := e.(E); ok {
			n++
		}
	}
	return n
}

func (d *driver) mustBe(state State) {
	d.t.Helper()
	if d.site.State != state {
		d.t.Fatalf("the site is %s, want %s", d.site.State, state)
	}
}

// run is the run that carries the current release.
func (d *driver) run() Run { return d.site.Current.Run }

// newRun is a run that nobody has heard of yet.
func (d *driver) newRun() Run {
	d.started++
	return Run{ID: fmt.Sprintf("run-%d", d.started), Attempt: 1}
}

// send waits until the waiting release has been sent to its runner.
func (d *driver) send() {
	d.t.Helper()
	before := d.sends()
	for range 10 {
		if d.sends() > before {
			return
		}
		next := d.site.NextTick(d.now)
		if next.IsZero() {
			break
		}
		if next.After(d.now) {
			d.now = next
		}
		d.tick()
	}
	if d.sends() == before {
		d.t.Fatalf("nothing was dispatched: %+v", d.site.DispatchDue(d.now))
	}
}

func (d *driver) confirm() Run {
	d.t.Helper()
	run := d.newRun()
	d.do(DispatchConfirmed{Token: d.site.Current.Dispatch.Token, Run: run})
	return run
}

func (d *driver) claim() Claim {
	d.t.Helper()
	c := Claim{Release: d.site.Current.Number, Token: d.site.Current.Dispatch.Token, Run: d.run()}
	d.do(c)
	return c
}

func (d *driver) report(to State) Report {
	d.t.Helper()
	r := d.next(to)
	d.do(r)
	return r
}

// next is the report that the run would send next.
func (d *driver) next(to State) Report {
	return Report{Release: d.site.Current.Number, Run: d.run(), Sequence: d.site.Current.Sequence + 1, To: to}
}

// failure is the run's word that it failed.
func (d *driver) failure(why string) Failure {
	return Failure{
		Release: d.site.Current.Number, Run: d.run(), Sequence: d.site.Current.Sequence + 1,
		Why: why, Fault: FaultBuild,
	}
}

// to brings the site to a state by the ordinary way of one release.
func (d *driver) to(state State) *driver {
	d.t.Helper()
	if state == Ready {
		d.to(Complete).report(Ready)
		return d
	}
	for d.site.State != state {
		d.forward()
	}
	return d
}

func (d *driver) forward() {
	d.t.Helper()
	switch d.site.State {
	case Ready:
		d.request(FromEditor)
	case Requested:
		if d.site.Current.Dispatch.Token == "" {
			d.send()
		}
		d.confirm()
	case Dispatched:
		d.claim()
	case Starting:
		d.report(InProgress)
	case InProgress:
		d.report(Complete)
	case Complete:
		d.report(Ready)
	}
	d.wait(time.Second)
}

// by is an operator's act.
func by(why string) Act { return Act{By: "olga", Why: why} }
