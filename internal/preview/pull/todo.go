package pull

import "time"

// Do is what is to be done now.
type Do string

// What can be to be done.
const (
	// Nothing until the next event, or the instant that Wake gives.
	Nothing Do = ""
	// Dispatch a run of the workflow.
	Dispatch Do = "dispatch"
	// Look for a run, or how it stands.
	Look Do = "look"
	// Cancel the run.
	Cancel Do = "cancel"
	// Forget the state: the pull request is closed, nothing is left, all is told.
	Forget Do = "forget"
)

// Act is one thing to do.
type Act struct {
	Do     Do
	Kind   Kind // of Dispatch
	Commit string
	Keep   time.Duration
}

const (
	// lookEvery is how often GitHub is asked about a run: webhooks are faster.
	lookEvery = 20 * time.Second
	// findEvery is how often a run is looked for whose dispatch had no answer.
	findEvery = 5 * time.Second
	// keepClosed is how long the state of a closed pull request is kept, and keepGone that
	// of what has no preview and no comment: until whoever asked has seen why.
	keepClosed = 30 * 24 * time.Hour
	keepGone   = 24 * time.Hour
)

// Todo is what is to be done about a pull request now. There is one run at a time: a
// newer commit has the run of an older one cancelled, and begins once that is over.
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

// over says whether nothing is left to be done, or to be kept for.
func (s State) over() bool { return !s.Stands && !s.wants() && (s.Closed || s.Branch != "") }

// kept is how long the state is kept when all is over.
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
	case r.Nudged, now.Sub(later(r.Looked, r.Sent)) >= every:
		return Act{Do: Look}
	}
	return Act{}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
