package pull

import "time"

// Do is an action.
type Do string

// The actions.
const (
	// Nothing: wait for the next event, or for the instant of Wake.
	Nothing Do = ""
	// Dispatch: dispatch a run of the workflow.
	Dispatch Do = "dispatch"
	// Look: look for the run, or look its state up.
	Look Do = "look"
	// Cancel: cancel the run.
	Cancel Do = "cancel"
	// Forget: delete the state, since the pull request is closed, the preview is removed,
	// and people were told.
	Forget Do = "forget"
)

// Act is an action with its arguments.
type Act struct {
	Do     Do
	Kind   Kind // of Dispatch
	Commit string
	Keep   time.Duration
}

const (
	// lookEvery is how often GitHub is asked about a run: webhooks are faster.
	lookEvery = 20 * time.Second
	// findEvery is how often the run of an unanswered dispatch is looked for.
	findEvery = 5 * time.Second
	// keepClosed is how long the state of a closed pull request is kept, and keepGone that
	// of a state without a preview and a comment, so that its author can see why.
	keepClosed = 30 * 24 * time.Hour
	keepGone   = 24 * time.Hour
)

// Todo is the next action for a preview. There is one run at a time: for a newer commit
// the run of the older one is cancelled, and the new run begins once that is over.
func Todo(s State, now time.Time) Act {
	if s.Run != nil {
		return s.underWay(now)
	}
	if now.Before(s.NotBefore) {
		return Act{}
	}
	switch {
	case !s.wants() && s.Stands:
		return Act{Do: Dispatch, Kind: Remove}
	case s.wants() && s.MayBuild() && (s.Shown.Commit != s.Head || s.Anew) && s.Failed != s.Head:
		return Act{Do: Dispatch, Kind: Create, Commit: s.Head, Keep: s.Wish.Keep}
	case s.wants() && s.Extend > 0 && s.Shown.Commit != "":
		return Act{Do: Dispatch, Kind: Extend, Keep: s.Extend}
	case s.over() && now.Sub(s.Updated) >= s.kept():
		return Act{Do: Forget}
	}
	return Act{}
}

// over says whether the preview is gone and not wanted any more.
func (s State) over() bool { return !s.Stands && !s.wants() && (s.Closed || s.Branch != "") }

// kept is how long the state is kept once it is over.
func (s State) kept() time.Duration {
	if s.Branch != "" || s.Head == "" {
		return keepGone
	}
	return keepClosed
}

func (s State) underWay(now time.Time) Act {
	r := s.Run
	every := lookEvery
	if r.ID == "" {
		every = findEvery
	}
	switch {
	case r.ID != "" && !r.Cancelled && r.Kind == Create && (!s.wants() || r.Commit != s.Head || s.Anew):
		return Act{Do: Cancel}
	case r.Nudged, now.Sub(r.Looked) >= every && now.Sub(r.Sent) >= every:
		return Act{Do: Look}
	}
	return Act{}
}
