package view

import (
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/view/when"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Step is a state or stage on the way of a release.
type Step struct {
	Name, Hint string
	// Stage is done, current or next; Words say the same to a screen reader.
	Stage, Words string
	At           *when.Moment
}

// Steps show where the site is between Ready and Complete.
func (v Site) Steps() []Step {
	state, times, c, l := v.State, v.Current.Times, v.Clock(), v.Language
	line := make([]Step, 0, len(release.States))
	stage, said := "done", l.Say("done")
	for _, s := range release.States {
		one := Step{Name: StateName(l, s), Hint: textOf(l, s).hint, Stage: stage, Words: said}
		if s == state {
			one.Stage, one.Words = "current", l.Say("now")
			stage, said = "next", l.Say("to come")
			if c := v.Condition(); c != "" {
				one.Hint, one.Words = c.Name(l), l.Say("now, %s", c.Name(l))
			}
		}
		if s != release.Ready && state != release.Ready {
			one.At = c.At(times.Of(s))
		}
		if one.Stage == "done" {
			one.Hint = "" // hints explain the current and later states
		}
		line = append(line, one)
	}
	return line
}

// stages are the names that editors see in place of states.
var stages = []words.Key{words.Key("Preparing"), words.Key("Building"), words.Key("Publishing"), words.Key("Live")}

// stageOf is the index in stages of the current release.
func stageOf(v Site) int {
	switch v.State {
	case release.InProgress:
		if strings.HasPrefix(v.Current.Note, "deploying") || v.Current.RollbackTo != 0 {
			return 2
		}
		return 1
	case release.Complete:
		return 3
	case release.Ready, release.Requested, release.Dispatched, release.Starting:
	}
	return 0
}

// Stages show editors where the current release is; nil while there is none.
func (v Site) Stages() []Step {
	if v.State == release.Ready {
		return nil
	}
	at, l := stageOf(v), v.Language
	line := make([]Step, 0, len(stages))
	for i, name := range stages {
		one := Step{Name: l.Say(string(name)), Stage: "next", Words: l.Say("to come")}
		switch {
		case i < at:
			one.Stage, one.Words = "done", l.Say("done")
		case i == at:
			one.Stage, one.Words = "current", l.Say("now")
		}
		line = append(line, one)
	}
	return line
}

// Phase is how long a release was in a state.
type Phase struct {
	Name, Took string
	At         *when.Moment
	Bar        Bar
}

// Bar is a span on a line of 100.
type Bar struct{ From, Width float64 }

// Phases are the states that a release went through. The current one is counted up to now.
func Phases(r release.Release, c when.Clock) []Phase {
	var out []Phase
	var begun []time.Time
	for _, s := range append(release.States[1:len(release.States):len(release.States)], release.Ready) {
		at := r.Times.Of(s)
		if at.IsZero() {
			continue
		}
		out = append(out, Phase{Name: StateName(c.Language, s), At: c.At(at)})
		begun = append(begun, at)
	}
	if len(out) == 0 {
		return nil
	}
	end := r.Times.Ended
	if end.IsZero() {
		end = c.Now
	}
	for i, at := range begun {
		until := end
		if i+1 < len(begun) {
			until = begun[i+1]
		} else if at.Equal(end) {
			break // ended: a moment, not a span
		}
		out[i].Took = c.Language.Took(until.Sub(at))
		out[i].Bar = BarOf(begun[0], end, at, until)
	}
	return out
}

// BarOf places a span within a whole. Even the shortest has a width that shows.
func BarOf(start, end, from, to time.Time) Bar {
	whole := end.Sub(start)
	if whole <= 0 {
		return Bar{Width: 100}
	}
	share := func(d time.Duration) float64 { return min(100, max(0, 100*float64(d)/float64(whole))) }
	b := Bar{From: share(from.Sub(start)), Width: max(share(to.Sub(from)), 0.5)}
	b.From = min(b.From, 100-b.Width)
	return b
}
