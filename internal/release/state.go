package release

// State is the state of a site on the way from a request to a live page.
type State string

// The states, in the order in which a release goes through them.
const (
	Ready      State = "ready"
	Requested  State = "requested"
	Dispatched State = "dispatched"
	Starting   State = "starting"
	InProgress State = "in_progress"
	Complete   State = "complete"
)

// States lists all states in the order in which a release goes through them.
var States = []State{Ready, Requested, Dispatched, Starting, InProgress, Complete}

// Valid says whether s is one of the six states.
func (s State) Valid() bool {
	_, ok := transitions[s]
	return ok
}

// Verdict is the result of a transition from one state to another.
type Verdict string

// The verdicts. OK: the state changes. Skip: the site is in that state or past it; the
// event is acknowledged and nothing changes. Wait: it is kept for the next release.
// Invalid: it is refused, nothing changes.
const (
	OK      Verdict = "ok"
	Skip    Verdict = "skip"
	Wait    Verdict = "wait"
	Invalid Verdict = "invalid"
)

// transitions has the verdict for each pair of states (docs/concepts.md). They are those that
// ReleaseStateManagerTest asserts in https://github.com/department-of-veterans-affairs/va.gov-cms.
var transitions = map[State]map[State]Verdict{
	Ready:      {Ready: Skip, Requested: OK, Dispatched: Invalid, Starting: Invalid, InProgress: Invalid, Complete: Invalid},
	Requested:  {Ready: Invalid, Requested: Skip, Dispatched: OK, Starting: Invalid, InProgress: Invalid, Complete: Invalid},
	Dispatched: {Ready: Invalid, Requested: Skip, Dispatched: Skip, Starting: OK, InProgress: Invalid, Complete: Invalid},
	Starting:   {Ready: Invalid, Requested: Skip, Dispatched: Invalid, Starting: Skip, InProgress: OK, Complete: Invalid},
	InProgress: {Ready: Invalid, Requested: Wait, Dispatched: Invalid, Starting: Invalid, InProgress: Skip, Complete: OK},
	Complete:   {Ready: OK, Requested: Wait, Dispatched: Invalid, Starting: Invalid, InProgress: Invalid, Complete: Skip},
}

// Transition is the verdict on going from one state to another. Unknown states are Invalid.
func Transition(from, to State) Verdict {
	if v, ok := transitions[from][to]; ok {
		return v
	}
	return Invalid
}
