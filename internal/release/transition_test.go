package release

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// wanted is the table of the design: the row is where a site is, the column
// where it is asked to go.
var wanted = map[State][6]Verdict{
	//          ready    requested dispatched starting in progress complete
	Ready:      {Skip, OK, Invalid, Invalid, Invalid, Invalid},
	Requested:  {Invalid, Skip, OK, Invalid, Invalid, Invalid},
	Dispatched: {Invalid, Skip, Skip, OK, Invalid, Invalid},
	Starting:   {Invalid, Skip, Invalid, Skip, OK, Invalid},
	InProgress: {Invalid, Wait, Invalid, Invalid, Skip, OK},
	Complete:   {OK, Wait, Invalid, Invalid, Invalid, Skip},
}

func eachCell(t *testing.T, check func(t *testing.T, from, to State, want Verdict)) {
	t.Helper()
	if len(States) != 6 || len(wanted) != 6 {
		t.Fatalf("want six states, got %d and %d", len(States), len(wanted))
	}
	for _, from := range States {
		for i, to := range States {
			t.Run(string(from)+" to "+string(to), func(t *testing.T) { check(t, from, to, wanted[from][i]) })
		}
	}
}

func TestTransitionTable(t *testing.T) {
	eachCell(t, func(t *testing.T, from, to State, want Verdict) {
		t.Helper()
		if got := Transition(from, to); got != want {
			t.Errorf("Transition(%s, %s) = %s, want %s", from, to, got, want)
		}
	})
}

func TestTransitionOfUnknownStatesIsInvalid(t *testing.T) {
	for _, pair := range [][2]State{{"", Ready}, {Ready, ""}, {"error", Ready}, {Ready, "error"}} {
		if got := Transition(pair[0], pair[1]); got != Invalid {
			t.Errorf("Transition(%q, %q) = %s, want invalid", pair[0], pair[1], got)
		}
	}
	if State("error").Valid() || !Complete.Valid() {
		t.Error("only the six states are valid")
	}
}

// ask is the event by which a site is asked to go to a state: a request, the
// runner's confirmation, a run's claim or report.
func (d *driver) ask(to State) Event {
	claimed := d.site.State == Starting || d.site.State == InProgress || d.site.State == Complete
	r := d.site.Current
	switch {
	case to == Requested:
		return RequestAccepted{Source: FromEditor}
	case to == Dispatched && d.site.State == Requested:
		d.send()
		return DispatchConfirmed{Token: d.site.Current.Dispatch.Token, Run: Run{ID: "run-9", Attempt: 1}}
	case to == Dispatched && d.site.State == Dispatched:
		return DispatchConfirmed{Token: r.Dispatch.Token, Run: r.Run}
	case to == Starting && d.site.State == Dispatched:
		return Claim{Release: r.Number, Token: r.Dispatch.Token, Run: r.Run}
	case to == Ready && d.site.State == Ready:
		return Report{Release: d.site.Last.Number, Run: d.site.Last.Run, Sequence: d.site.Last.Sequence, To: Ready}
	case claimed:
		return d.next(to)
	default:
		return Report{Release: max(r.Number, 1), Run: Run{ID: "run-7", Attempt: 1}, Sequence: 1, To: to}
	}
}

func TestStepGivesTheVerdictsOfTheTable(t *testing.T) {
	eachCell(t, func(t *testing.T, from, to State, want Verdict) {
		t.Helper()
		d := newDriver(t).to(from)
		event := d.ask(to)
		before := d.site
		after, effects, err := checkedStep(t, before, event, d.now)
		switch want {
		case OK:
			if err != nil || after.State != to {
				t.Fatalf("%T: state %s, error %v; want %s", event, after.State, err, to)
			}
		case Skip, Wait:
			if err != nil || after.State != from || after.Number != before.Number {
				t.Fatalf("%T: state %s, error %v; want it acknowledged in %s", event, after.State, err, from)
			}
			waits := after.Waiting.Count - before.Waiting.Count
			if (want == Wait) != (waits == 1) {
				t.Fatalf("%T: %d more wait for the next release; want %s", event, waits, want)
			}
			if count[Record](effects) != 0 {
				t.Fatalf("%T: acknowledged, and yet recorded: %v", event, effects)
			}
		case Invalid:
			var conflict *Conflict
			if !errors.As(err, &conflict) {
				t.Fatalf("%T: want a conflict, got %v and state %s", event, err, after.State)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Fatalf("refused, and yet changed:\n%s", diff)
			}
		}
	})
}

func TestEveryStateIsEnteredAtItsTime(t *testing.T) {
	for _, state := range States {
		d := newDriver(t)
		before := d.to(state).now
		r := d.site.Current
		if state == Ready {
			r = d.site.Last
		}
		at := r.Times.Of(state)
		if at.IsZero() || at.After(before) {
			t.Errorf("%s: entered at %s, now %s", state, at, before)
		}
	}
}

func TestResetFromEveryStateGoesOn(t *testing.T) {
	for _, state := range States {
		t.Run(string(state), func(t *testing.T) {
			d := newDriver(t).to(state)
			number := d.site.Number
			d.do(ResetSite{Act: by("it is stuck")})
			switch state {
			case Ready, Complete:
				d.mustBe(Ready)
			case Requested:
				d.mustBe(Requested)
				if d.site.Number != number {
					t.Error("nothing ran, and yet the release was replaced")
				}
			case Dispatched, Starting, InProgress:
				d.mustBe(Requested)
				if d.site.Last.Outcome != Superseded || d.site.Last.By != "olga" || d.site.Number != number+1 {
					t.Errorf("want #%d superseded by olga, got %+v", number, d.site.Last)
				}
				if count[CancelRun](d.effects) != 1 {
					t.Error("the old run was not cancelled")
				}
			}
			d.to(Complete)
			if d.site.Served != d.site.Accepted {
				t.Errorf("%d of %d are live", d.site.Served, d.site.Accepted)
			}
		})
	}
}
