package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fataler is what the invariants need of a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

var _ fataler = testing.TB(nil)

// checkedStep is Step with every promise that holds for each step.
func checkedStep(t fataler, before Site, event Event, now time.Time) (Site, []Effect, error) {
	t.Helper()
	copied := before
	copied.Freezes = slices.Clone(before.Freezes)
	after, effects, err := Step(before, event, now)
	if !reflect.DeepEqual(copied, before) {
		t.Fatalf("%T changed the site that was passed in:\n%s", event, cmp.Diff(copied, before))
	}
	if err != nil {
		var conflict *Conflict
		if !errors.As(err, &conflict) || conflict.Code == "" || conflict.Text == "" {
			t.Fatalf("%T: an error that is no conflict: %v", event, err)
		}
		if len(effects) > 0 || !reflect.DeepEqual(before, after) {
			t.Fatalf("%T was refused and yet changed something:\n%s", event, cmp.Diff(before, after))
		}
		return after, effects, err
	}
	if broken := broken(after); broken != "" {
		t.Fatalf("%T %+v in %s: %s\nbefore: %+v\nafter: %+v", event, event, before.State, broken, before, after)
	}
	if broken := brokenStep(before, after, event, effects); broken != "" {
		t.Fatalf("%T %+v in %s: %s\nbefore: %+v\nafter: %+v", event, event, before.State, broken, before, after)
	}
	if next := after.NextTick(now); next.IsZero() && !mayRest(after, now) {
		t.Fatalf("%T left the site in %s with nothing to wake it: %+v", event, after.State, after)
	}
	return after, effects, nil
}

// mayRest says whether a site may wait for somebody without a clock.
func mayRest(s Site, now time.Time) bool {
	return s.State == Ready || s.Hold.On() || (s.State == Requested && s.Pause.On(now))
}

// broken names what is wrong with a site, and is empty for a sound one.
func broken(s Site) string {
	r := s.Current
	switch {
	case !s.State.Valid():
		return fmt.Sprintf("unknown state %q", s.State)
	case (s.State == Ready) != (r.Number == 0):
		return "a release without a state, or the other way round"
	case s.State != Ready && r.Number != s.Number:
		return "the current release is not the newest"
	case s.Last.Number > s.Number || s.Live.Number > s.Last.Number:
		return "the numbers of the releases are out of order"
	case s.Live.Number != 0 && s.Live.Outcome != Succeeded:
		return "the live release did not succeed"
	case s.Hold.On() && s.State != Ready && (s.State != Requested || r.Dispatch.Token != ""):
		return "held while something runs"
	case s.Served > s.Accepted || r.Upto > s.Accepted:
		return "more was served than accepted"
	case len(s.Freezes) == 0 && s.Freezes != nil:
		return "an empty list of freezes that is not nil"
	case (r.Outcome != "") != (s.State == Complete):
		return "an outcome before the end"
	}
	return brokenPlaces(s)
}

// brokenPlaces checks that every accepted place is live, in the current
// release, or waiting for the next: counted once, and nowhere else.
func brokenPlaces(s Site) string {
	r := s.Current
	if r.isRollback() {
		return brokenRollback(s)
	}
	var inRelease, waiting int64
	switch s.State {
	case Ready:
		if s.Served != s.Accepted {
			return "ready with requests that are not live"
		}
	case Requested, Dispatched, Starting:
		inRelease = s.Accepted - s.Served
		if r.Upto != s.Accepted || !r.Watermark.IsZero() || inRelease < 1 {
			return "before the watermark all requests belong to the release"
		}
	case InProgress:
		inRelease, waiting = r.Upto-s.Served, s.Accepted-r.Upto
		if r.Watermark.IsZero() || inRelease < 1 {
			return "in progress without a watermark or without requests"
		}
	case Complete:
		inRelease, waiting = r.Upto-r.After, s.Accepted-r.Upto
		if s.Served != r.Upto || r.Outcome != Succeeded {
			return "complete, and yet its requests are not live"
		}
	}
	if r.Requests.Count != inRelease || s.Waiting.Count != waiting {
		return fmt.Sprintf("%d in the release and %d waiting, want %d and %d", r.Requests.Count, s.Waiting.Count, inRelease, waiting)
	}
	if s.State != Ready && s.State != Complete && r.After != s.Served {
		return "the release does not begin after what is live"
	}
	if s.State != Ready && s.State != Requested && r.Run.ID == "" {
		return "a release under way without a run"
	}
	return ""
}

// brokenRollback checks that a rollback serves nobody, and keeps all that waits.
func brokenRollback(s Site) string {
	r := s.Current
	switch {
	case r.Requests.Count != 0 || r.After != s.Served || r.Upto != s.Served || !r.Watermark.IsZero():
		return "a rollback that serves requests"
	case s.Waiting.Count != s.Accepted-s.Served:
		return fmt.Sprintf("%d wait for the end of a rollback, want %d", s.Waiting.Count, s.Accepted-s.Served)
	case r.RollbackTo > s.Live.Number:
		return "a rollback to what never was live"
	case s.State != Requested && r.Run.ID == "":
		return "a rollback under way without a run"
	}
	return ""
}

// brokenStep names what is wrong with going from one site to another.
func brokenStep(before, after Site, event Event, effects []Effect) string {
	switch {
	case after.Number < before.Number || after.Accepted < before.Accepted || after.Served < before.Served:
		return "a number went back"
	case after.Served > before.Served && after.Last.Outcome == Unchanged && after.Last.Number == before.Current.Number:
		_, compared := event.(ContentRead)
		waited := before.State == Requested && before.Current.Dispatch.Token == ""
		if !waited && (!compared || before.State != InProgress) || after.Served != before.Current.Upto || after.Failures != 0 {
			return "nothing to do for a release that was on its way"
		}
	case after.Served > before.Served && (before.State != InProgress || after.Served != before.Current.Upto):
		return "served something else than the release in progress"
	case after.Live.Number > before.Live.Number && after.Live.isRollback() && !after.Hold.On() && after.Number == after.Live.Number:
		return "not held after a rollback"
	case after.Number > before.nextNumber():
		return "opened two releases at once"
	}
	if broken := brokenAllowance(before, after, event); broken != "" {
		return broken
	}
	if broken := brokenClosing(before, after, effects); broken != "" {
		return broken
	}
	if holder, run := speaker(event); holder && !holds(before, run) {
		if !reflect.DeepEqual(before, after) {
			return "the word of a run that does not hold the release changed something"
		}
	}
	return ""
}

// brokenAllowance checks that a release has an allowance by an operator's act alone,
// keeps it to its end, and leaves none to the next.
func brokenAllowance(before, after Site, event Event) string {
	if before.Current.Number != 0 && after.Last.Number == before.Current.Number && after.Last.Allowed != before.Current.Allowed {
		return "a release ended with another allowance than it had"
	}
	if after.Current.Number != before.Current.Number {
		if after.Current.Allowed != (Allowance{}) {
			return "a new release has an allowance"
		}
		return ""
	}
	if _, acted := event.(LetPass); !acted && after.Current.Allowed != before.Current.Allowed {
		return "an allowance came or went by itself"
	}
	if acted := after.Current.Allowed != before.Current.Allowed; acted && (before.State != Requested || before.Current.Dispatch.Token != "") {
		return "a release that is on its way was given an allowance"
	}
	return ""
}

// brokenClosing checks that each release is closed once, by the step that ends it.
func brokenClosing(before, after Site, effects []Effect) string {
	closed := 0
	for _, e := range effects {
		c, ok := e.(Closed)
		if !ok {
			continue
		}
		closed++
		r := c.Release
		if r.Number != before.Current.Number && before.Current.Number != 0 {
			return "closed a release that was not the current one"
		}
		if r.Outcome == "" || r.Times.Ended.IsZero() || after.Last != r {
			return "closed a release without an outcome, or not as the last"
		}
	}
	ended := before.Current.Number != 0 && after.Current.Number != before.Current.Number
	if ended != (closed == 1) || closed > 1 {
		return fmt.Sprintf("%d closings of a release", closed)
	}
	return ""
}

// speaker gives the run of an event that only the holder of a release may send.
func speaker(event Event) (bool, Run) {
	switch e := event.(type) {
	case Report:
		return true, e.Run
	case ContentRead:
		return true, e.Run
	case Heartbeat:
		return true, e.Run
	case Failure:
		return true, e.Run
	default:
		return false, Run{}
	}
}

// holds says whether a run holds the current release of a site.
func holds(s Site, run Run) bool {
	claimed := s.State == Starting || s.State == InProgress || s.State == Complete
	return claimed && s.Current.Run.same(run)
}

// reload is what a restart does to a site: it is written down and read back.
func reload(t fataler, s Site) Site {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatalf("write the site down: %v", err)
	}
	var back Site
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatalf("read the site back: %v", err)
	}
	back.Policy = s.Policy
	if !reflect.DeepEqual(s, back) {
		t.Fatalf("a restart changes the site:\n%s", cmp.Diff(s, back))
	}
	return back
}

// settles checks that ticking at NextTick gets somewhere: it ends, or moves
// the time on, after a few ticks at the same instant.
func settles(t fataler, s Site, now time.Time) {
	t.Helper()
	for range 4 {
		next := s.NextTick(now)
		if next.IsZero() || next.After(now) {
			return
		}
		after, _, err := Step(s, Tick{Token: "settling"}, now)
		if err != nil {
			t.Fatalf("a tick was refused: %v", err)
		}
		s = after
	}
	t.Fatalf("ticking in %s at %s never gets on: next %s", s.State, now, s.NextTick(now))
}
