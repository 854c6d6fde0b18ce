package view

import (
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Condition is a circumstance beside the site's state that readers must know: one that keeps
// releases back, or a release that is late. It is empty for none.
type Condition string

// The conditions, the worst first.
const (
	// Misconfigured: the site is left out, because its configuration has mistakes.
	Misconfigured Condition = "misconfigured"
	// Gone: the site is no longer configured; only its history is left.
	Gone     Condition = "gone"
	Held     Condition = "held"
	Paused   Condition = "paused"
	Frozen   Condition = "frozen"
	Retrying Condition = "retrying"
	Late     Condition = "late"
	// Differs: the public address does not show the live release.
	Differs Condition = "differs"
	// RolledBack: an earlier release's content is live, and the site is held.
	RolledBack Condition = "rolled_back"
	// Queued: the release waits for a free slot.
	Queued Condition = "queued"
)

// Conditions lists all conditions, the worst first.
var Conditions = []Condition{Misconfigured, Gone, Differs, Held, RolledBack, Paused, Frozen, Retrying, Late, Queued}

// The classes by which pages colour a text. The words of the text say the same.
const (
	classOK    = "ok"
	classNow   = "now"
	classQuiet = "quiet"
	classWarn  = "warn"
	classBad   = "bad"
)

// Name is the condition as people see it.
func (c Condition) Name(l words.Language) string {
	switch c {
	case Misconfigured:
		return l.Say("Mistake in its configuration")
	case Gone:
		return l.Say("No longer configured")
	case Held:
		return l.Say("Held")
	case Paused:
		return l.Say("Paused")
	case Frozen:
		return l.Say("Frozen")
	case Retrying:
		return l.Say("Waiting to try again")
	case Late:
		return l.Say("Late")
	case Differs:
		return l.Say("Changed behind Pressrun")
	case RolledBack:
		return l.Say("Rolled back")
	case Queued:
		return l.Say("Waiting for a slot")
	}
	return string(c)
}

// Class is the class of the condition, "" for none.
func (c Condition) Class() string {
	switch c {
	case Held, Differs, Misconfigured:
		return classBad
	case Gone:
		return classQuiet
	case RolledBack, Paused, Frozen, Retrying, Late:
		return classWarn
	case Queued:
		return classQuiet
	}
	return ""
}

// because is the condition as the reason why a request is not live.
func (c Condition) because(l words.Language) string {
	switch c {
	case Misconfigured:
		return l.Say("the site's configuration has a mistake")
	case Gone:
		return l.Say("the site is no longer configured")
	case Held:
		return l.Say("the site is held")
	case Paused:
		return l.Say("releases are paused")
	case Frozen:
		return l.Say("releases are frozen")
	case Retrying:
		return l.Say("the last try did not succeed, and it is tried again")
	case Late:
		return l.Say("it is late")
	case RolledBack:
		return l.Say("the site was rolled back and is held")
	case Differs:
		return l.Say("the site was changed behind Pressrun")
	case Queued:
		return l.Say("it waits for a free slot")
	}
	return ""
}

// conditionOf is the condition because of which a release that waits is not dispatched yet.
func conditionOf(v Site, due release.Due) Condition {
	switch due.Why {
	case release.DueHold:
		return heldAs(v.Hold)
	case release.DuePause:
		return Paused
	case release.DueFreeze:
		return Frozen
	case release.DueRetry:
		return Retrying
	case release.DueSlot:
		return Queued
	case release.DueNothing, release.DueGrouping, release.DueRollback:
	}
	return ""
}

// heldAs is the condition of a site that is held.
func heldAs(h release.Hold) Condition {
	if h.Lifted == release.LiftedAfterRollback {
		return RolledBack
	}
	return Held
}

// Condition is the condition of the site.
func (v Site) Condition() Condition {
	switch {
	case v.Closed.Gone:
		return Gone
	case v.Closed.Why != "":
		return Misconfigured
	}
	switch v.State {
	case release.Ready:
		if v.Differs() {
			return Differs
		}
		return stopped(v)
	case release.Requested, release.Dispatched, release.Starting, release.InProgress:
		if !v.LateSince().IsZero() {
			return Late
		}
		return conditionOf(v, v.DispatchDue(v.Now))
	case release.Complete:
	}
	return ""
}

// stopped is the condition that would keep a release from being dispatched now.
func stopped(v Site) Condition {
	switch {
	case v.Hold.On():
		return heldAs(v.Hold)
	case v.Pause.On(v.Now):
		return Paused
	case !freezeOf(v).To.IsZero():
		return Frozen
	}
	return ""
}

// freezeOf is the freeze in force that ends last, the zero Window for none.
func freezeOf(v Site) release.Window {
	var last release.Window
	for _, w := range v.Windows() {
		if !v.Now.Before(w.From) && v.Now.Before(w.To) && w.To.After(last.To) {
			last = w
		}
	}
	return last
}

// Headline is the state of a site, a release or a request in a few words, with its class.
type Headline struct{ Name, Class string }

// Headline sums up state and condition.
func (v Site) Headline() Headline { return headlineOf(v, StateName(v.Language, v.State)) }

// EditorsHeadline is Headline with the stage, which editors know, in place of the state.
func EditorsHeadline(v Site) Headline {
	if v.State == release.Ready {
		return v.Headline()
	}
	return headlineOf(v, v.Language.Say(string(stages[stageOf(v)])))
}

// headlineOf is the headline of a site, with a name for its state.
func headlineOf(v Site, state string) Headline {
	l := v.Language
	switch c := v.Condition(); {
	case c == Late:
		return Headline{Late.Name(l) + ": " + state, Late.Class()}
	case c != "":
		return Headline{c.Name(l), c.Class()}
	case v.State == release.Ready:
		return Headline{state, classOK}
	}
	return Headline{state, classNow}
}

// lateAfter divides the usual time into the slack after which a release is late: half of all
// releases take longer than usual, which is a median.
const lateAfter = 4

// lateSlack is the least slack, for sites whose releases take a moment only.
const lateSlack = 10 * time.Second

// LateSince is the time since which the current release is late: that at which it was
// expected live, or the deadline of a phase. It is zero while the release is not late.
func (v Site) LateSince() time.Time {
	switch {
	case v.State == release.Ready || v.State == release.Complete || !v.Current.Cancel.At.IsZero():
		return time.Time{}
	case v.State == release.Requested && v.Current.Dispatch.Token == "":
		return time.Time{} // it is not dispatched: another text says what it waits for
	}
	since := v.Current.Late
	expected, slack := v.CurrentExpected(), max(v.Usual/lateAfter, lateSlack)
	if within := v.within(); !within.IsZero() {
		expected, slack = within.To, lateSlack // readers were told this range
	}
	if expected.IsZero() || !v.Now.After(expected.Add(slack)) {
		return since
	}
	if since.IsZero() || expected.Before(since) {
		return expected
	}
	return since
}

// lateWords say since when the current release is late, and how long releases usually take;
// "" while it is not late.
func lateWords(v Site) string {
	since := v.LateSince()
	if since.IsZero() {
		return ""
	}
	l := v.Language
	if v.Usual > 0 {
		return l.Say("late since %s: a release usually takes %s", v.Clock().Time(since), l.Took(v.Usual))
	}
	return l.Say("late since %s", v.Clock().Time(since))
}

// Condition is the condition of the request: the circumstance of its site because of which
// it is not live.
func (v Request) Condition() Condition {
	switch v.Resolution.Status {
	case release.Scheduled:
		return conditionOf(v.Of, v.Of.DueIf(v.Source, v.NotBefore))
	case release.Waiting:
		if c := v.Of.Condition(); c != "" {
			return c
		}
		return conditionOf(v.Of, v.Of.DueAfter(v.Of.Now))
	case release.InRelease:
		return v.Of.Condition()
	case release.WasLive:
		if v.Of.Differs() {
			return Differs
		}
		return RolledBack
	case release.Live, release.Withdrawn:
	}
	return ""
}

// Answer is the answer to "is my change live?", as short as can be, with its class.
func (v Request) Answer() Headline {
	c, l := v.Condition(), v.Of.Language
	class := func(without string) string {
		if c != "" {
			return c.Class()
		}
		return without
	}
	and := func(words string) string {
		switch c {
		case "":
			return words
		case Late:
			return l.Say("%s, and the release before it is late", words)
		case Held, Paused, Frozen, Retrying, Differs, RolledBack, Queued, Misconfigured, Gone:
		}
		return l.Say("%s, and %s", words, c.because(l))
	}
	switch v.Resolution.Status {
	case release.Live:
		return v.liveAnswer()
	case release.WasLive:
		return v.wasLiveAnswer()
	case release.Withdrawn:
		return Headline{l.Say("No: it was withdrawn"), classQuiet}
	case release.Scheduled:
		return Headline{and(l.Say("Not yet: it is scheduled")), class(classQuiet)}
	case release.Waiting:
		return Headline{and(l.Say("Not yet: it waits")), class(classQuiet)}
	case release.InRelease:
		switch {
		case !v.Of.Current.Cancel.At.IsZero():
			return Headline{l.Say("Not yet: its release is being cancelled"), classWarn}
		case c != "":
			return Headline{l.Say("Not yet: %s", c.because(l)), c.Class()}
		}
		return Headline{l.Say("Not yet: it is on its way"), classNow}
	}
	return Headline{l.Say("Not known"), classQuiet}
}

func (v Request) liveAnswer() Headline {
	if v.Pending() != "" {
		return Headline{v.Of.Language.Say("Yes, at the origin: the CDN may still show the old page"), classOK}
	}
	return Headline{v.Of.Language.Say("Yes, it is live"), classOK}
}

// wasLiveAnswer is the answer for a request that was live and is not, or may not be.
func (v Request) wasLiveAnswer() Headline {
	if v.Of.Differs() && v.Of.Shows() == 0 {
		return Headline{v.Of.Language.Say("Not known: the site was changed behind Pressrun"), classBad}
	}
	if v.Of.Differs() {
		return Headline{v.Of.Language.Say("No longer: the site was changed behind Pressrun"), classBad}
	}
	return Headline{v.Of.Language.Say("No longer: the site was rolled back"), classWarn}
}
