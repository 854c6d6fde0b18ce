package app

import (
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// step is a place on the line that a release goes along.
type step struct {
	Name, Hint string
	// Stage is done, current or next; Words say the same to a screen reader.
	Stage, Words string
	At           *moment
}

// stepLine shows where a site stands between Ready and Complete.
func stepLine(state release.State, times release.Times, c clockface) []step {
	line := make([]step, 0, len(release.States))
	stage, words := "done", "done"
	for _, s := range release.States {
		one := step{Name: stateName(s), Hint: stateHint(s), Stage: stage, Words: words}
		if s == state {
			one.Stage, one.Words = "current", "now"
			stage, words = "next", "to come"
		}
		if s != release.Ready && state != release.Ready {
			one.At = c.at(times.Of(s))
		}
		if one.Stage == "done" {
			one.Hint = "" // what it meant is over
		}
		line = append(line, one)
	}
	return line
}

// phase is how long a release was in a state.
type phase struct {
	Name, Took string
	At         *moment
	Bar        bar
}

// bar is a span on a line of 100.
type bar struct{ From, Width float64 }

// phases are the states that a release went through. What it is still in is
// counted up to now.
func phases(r release.Release, c clockface) []phase {
	var out []phase
	var begun []time.Time
	for _, s := range append(release.States[1:len(release.States):len(release.States)], release.Ready) {
		at := r.Times.Of(s)
		if at.IsZero() {
			continue
		}
		out = append(out, phase{Name: stateName(s), At: c.at(at)})
		begun = append(begun, at)
	}
	if len(out) == 0 {
		return nil
	}
	end := r.Times.Ended
	if end.IsZero() {
		end = c.now
	}
	for i, at := range begun {
		until := end
		if i+1 < len(begun) {
			until = begun[i+1]
		} else if at.Equal(end) {
			break // ended: a moment, not a span
		}
		out[i].Took = tookSpan(until.Sub(at))
		out[i].Bar = barOf(begun[0], end, at, until)
	}
	return out
}

// barOf places a span within a whole. The shortest still shows.
func barOf(start, end, from, to time.Time) bar {
	whole := end.Sub(start)
	if whole <= 0 {
		return bar{Width: 100}
	}
	share := func(d time.Duration) float64 { return min(100, max(0, 100*float64(d)/float64(whole))) }
	b := bar{From: share(from.Sub(start)), Width: max(share(to.Sub(from)), 0.5)}
	b.From = min(b.From, 100-b.Width)
	return b
}
