package view

import (
	"strings"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// requestWords answer "is my change live?".
func requestWords(v Request) string {
	f, of, c, l := v.Resolution, v.Of, v.Of.Clock(), v.Of.Language
	soon := ""
	if !v.Expected.IsZero() {
		soon = ", " + l.Say("expected live about %s", c.Time(v.Expected))
	}
	again := ""
	if n := len(f.Failed); n > 0 {
		again = " " + l.Say("Release #%d did not bring it.", f.Failed[n-1])
	}
	switch f.Status {
	case release.Live:
		return l.Say("Live since %s, with release #%d.", c.Time(f.LiveAt), f.Release)
	case release.WasLive:
		return l.Say("Was live with release #%d, since %s; %s.", f.Release, c.Time(f.LiveAt), noLongerWords(of))
	case release.Withdrawn:
		return l.Say("Withdrawn: it should have gone out at %s, and was taken back before.", c.Time(v.NotBefore))
	case release.Scheduled:
		return l.Say("Scheduled: not before %s%s.", c.Time(v.NotBefore), soon) + dueWords(of, of.DueIf(v.Source, v.NotBefore))
	case release.Waiting:
		return l.Say("Waiting for release #%d%s to end; the next one brings it%s.", of.Current.Number, afterComma(lateWords(of)), soon) +
			again + dueWords(of, of.DueAfter(c.Now))
	case release.InRelease:
		if of.State == release.Requested {
			return waitingWords(of) + again
		}
		if late := lateWords(of); late != "" {
			soon = afterComma(late)
		}
		return l.Say("In release #%d, which is %s%s%s.", f.Release, stateDoing(l, of.State), cancelWords(of), soon) + again
	}
	return ""
}

// noLongerWords say why a request that was live is not live any more.
func noLongerWords(v Site) string {
	live, c, l := v.NowLive(), v.Clock(), v.Language
	if v.Differs() {
		return l.Say("%s, since %s", publicWords(v), c.Time(v.Public.Since))
	}
	said := l.Say("the site was rolled back to #%d by %s at %s", live.RollbackTo, live.Ordered.By, c.Time(live.Times.Complete))
	if live.Ordered.Why != "" {
		said += ": " + strings.TrimRight(live.Ordered.Why, ". ")
	}
	return said + ". " + l.Say("The next release that is built brings it again")
}

// publicWords tell how the public address differs from the release that is live.
func publicWords(v Site) string {
	l, live, m := v.Language, v.NowLive().Content(), v.Public.Marker
	switch {
	case m.Missing != "":
		return l.Say("%s, and not release #%d", m.Missing, live)
	case m.Release == live:
		return l.Say("the public address shows a later deploy under the number of release #%d", m.Release)
	case m.Release == v.Public.Foreign:
		return l.Say("the public address shows release #%d, which is none of this ledger's: an earlier one was restored, or somebody else publishes there", m.Release)
	}
	return l.Say("the public address shows release #%d, and not #%d", m.Release, live)
}

// afterComma puts a comma before words; "" stays "".
func afterComma(words string) string {
	if words == "" {
		return ""
	}
	return ", " + words
}

// waitingWords say for what the waiting requests wait, and until when.
func waitingWords(v Site) string {
	number, l := v.Current.Number, v.Language
	if v.State != release.Requested {
		return l.Say("Waiting for release #%d%s to end.", number, afterComma(lateWords(v)))
	}
	c, due := v.Clock(), v.DispatchDue(v.Now)
	switch due.Why {
	case release.DueRollback:
		return rollingBackWords(l, v.Current) + "."
	case release.DueNothing:
		said := l.Say("Release #%d is being dispatched", number)
		if v.Current.RollbackTo != 0 {
			said = l.Say("%s and is being dispatched", rollingBackWords(l, v.Current))
		}
		if v.Current.Dispatch.Unknown != "" {
			said += ": " + reasonWords(l, v.Current.Dispatch.Unknown)
		}
		return said + afterComma(lateWords(v)) + cancelWords(v) + "."
	case release.DueSlot:
		return slotWords(v)
	case release.DueGrouping:
		return l.Say("Release #%d starts at %s, so that further changes can join it.", number, c.Time(due.At))
	case release.DueRetry:
		return l.Say("Release #%d tries again at %s; the last one did not succeed: %s", number, c.Time(due.At), text.FullStop(orNoReason(l, LastEndWords(v))))
	case release.DueFreeze:
		return stopWords(v, due) + " " + l.Say("Release #%d starts then.", number)
	case release.DuePause:
		if due.At.IsZero() {
			return stopWords(v, due) + " " + l.Say("Release #%d starts once releases are resumed.", number)
		}
		return stopWords(v, due)
	case release.DueHold:
		if v.Hold.Lifted == release.LiftedAfterRollback {
			return stopWords(v, due) + " " + l.Say("Nothing is lost; ask for a release to publish what is in the CMS now.")
		}
		return stopWords(v, due) + " " + l.Say("Nothing is lost; ask for a release to try again at once.")
	}
	return ""
}

// stopWords say what keeps a release from its dispatch, until when and why; "" for nothing.
func stopWords(v Site, due release.Due) string {
	l := v.Language
	why := text.FullStop(orNoReason(l, due.Detail))
	switch due.Why {
	case release.DueFreeze:
		if v.Closed.Why != "" {
			return notServedWords(v)
		}
		return l.Say("Frozen until %s: %s", v.Clock().Time(due.At), why)
	case release.DuePause:
		if due.At.IsZero() {
			return l.Say("Paused by %s: %s", v.Pause.By, why)
		}
		return l.Say("Paused by %s until %s: %s", v.Pause.By, v.Clock().Time(due.At), why)
	case release.DueHold:
		return l.Say("Held: %s", text.FullStop(orNoReason(l, holdWhy(v))))
	case release.DueNothing, release.DueGrouping, release.DueRetry, release.DueRollback, release.DueSlot:
	}
	return ""
}

// holdWhy is why the site is held. The rules store it as an English sentence: where the same
// sentence can be made from the site's state, holdWhy makes it in the reader's language.
func holdWhy(v Site) string {
	last, by := v.Last, v.Last.Ordered
	end := func(l words.Language) string { return endWords(l, last) }
	for _, say := range []func(words.Language) string{
		func(l words.Language) string { return l.Say("the last release did not succeed: %s", end(l)) },
		func(l words.Language) string {
			return l.Say("%d releases in a row did not succeed; the last: %s", v.Failures, end(l))
		},
		func(l words.Language) string { return l.Say("rolled back to #%d by %s", last.RollbackTo, by.By) },
		func(l words.Language) string {
			return l.Say("rolled back to #%d by %s: %s", last.RollbackTo, by.By, by.Why)
		},
		func(l words.Language) string { return l.Say("cancelled by %s", last.By) },
		func(l words.Language) string {
			return l.Say("the rollback to #%d did not succeed: %s", last.RollbackTo, end(l))
		},
		func(l words.Language) string {
			return l.Say("the rollback to #%d was cancelled by %s", last.RollbackTo, last.By)
		},
	} {
		if say(words.Language{}) != v.Hold.Why {
			continue
		}
		said := say(v.Language)
		if last.Outcome == release.Cancelled && last.Why != "" { // the hold does not say why
			said += ": " + last.Why
		}
		return said
	}
	return v.Hold.Why
}

// dueWords are stopWords as a further sentence.
func dueWords(v Site, due release.Due) string {
	said := stopWords(v, due)
	if said == "" {
		return ""
	}
	return " " + said
}

func orNoReason(l words.Language, why string) string {
	if why == "" {
		return l.Say("no reason given")
	}
	return why
}

// stateText is a state in words: its name, a hint for newcomers, and what a release in it is
// doing.
type stateText struct{ name, hint, doing string }

func textOf(l words.Language, s release.State) stateText {
	switch s {
	case release.Ready:
		return stateText{l.Say("Ready"), l.Say("nothing to do"), l.Say("over")}
	case release.Requested:
		return stateText{l.Say("Requested"), l.Say("somebody asked"), l.Say("waiting to start")}
	case release.Dispatched:
		return stateText{l.Say("Dispatched"), l.Say("handed over"), l.Say("waiting for its run to begin")}
	case release.Starting:
		return stateText{l.Say("Starting"), l.Say("setting up"), l.Say("starting")}
	case release.InProgress:
		return stateText{l.Say("In Progress"), l.Say("building and publishing"), l.Say("in progress")}
	case release.Complete:
		return stateText{l.Say("Complete"), l.Say("live, finishing up"), l.Say("live and finishing")}
	}
	return stateText{name: string(s), doing: string(s)}
}

// stateDoing says what a release in a state is doing.
func stateDoing(l words.Language, s release.State) string { return textOf(l, s).doing }

// StateDoing says what the current release is doing.
func (v Site) StateDoing() string { return stateDoing(v.Language, v.State) }

// siteWords sum a site's state up.
func siteWords(v Site) string {
	if v.Closed.Why != "" && (v.State == release.Ready || v.State == release.Requested) {
		return closedWords(v)
	}
	switch v.State {
	case release.Ready:
		said := liveWords(v)
		if stop := stoppedWords(v); stop != "" {
			return stop + " " + said
		}
		return said
	case release.Requested:
		return waitingWords(v)
	case release.Dispatched, release.Starting, release.InProgress, release.Complete:
		l := v.Language
		said := l.Say("Release #%d is %s", v.Current.Number, v.StateDoing())
		if v.Current.RollbackTo != 0 {
			said = l.Say("%s and is %s", rollingBackWords(l, v.Current), v.StateDoing())
		}
		return said + afterComma(lateWords(v)) + cancelWords(v) + "." + dueWords(v, v.DueAfter(v.Now))
	}
	return ""
}

// closedWords say why the site is not served, and which release is live.
func closedWords(v Site) string {
	said := notServedWords(v)
	if v.State == release.Ready && v.Live.Number != 0 {
		return said + " " + liveWords(v)
	}
	return said
}

func notServedWords(v Site) string {
	l := v.Language
	if v.Closed.Gone {
		return l.Say("The site is no longer configured; its history can still be read.")
	}
	return l.Say("Nothing is released until the mistake in the site's configuration is mended: %s", text.FullStop(v.Closed.Why))
}

// liveWords describe the live content of a site without a release under way.
func liveWords(v Site) string {
	l, live := v.Language, v.Clock().Time(v.Live.Times.Complete)
	switch {
	case v.Live.Number == 0:
		return l.Say("Nothing has been released yet.")
	case v.Differs():
		return l.Say("%s, since %s: somebody changed the destination without Pressrun. Release #%d, of %s, was the last one published here.",
			text.Capital(publicWords(v)), v.Clock().Time(v.Public.Since), v.Live.Number, live)
	case v.Live.RollbackTo != 0:
		return l.Say("The content of release #%d is live, as of release #%d at %s; what came after it is not.", v.Live.RollbackTo, v.Live.Number, live)
	case !v.Scheduled.IsZero():
		return l.Say("Everything but what is scheduled is live, as of release #%d at %s.", v.Live.Number, live)
	}
	return l.Say("Everything is live, as of release #%d at %s.", v.Live.Number, live)
}

// rollingBackWords describe a rollback, and who ordered it.
func rollingBackWords(l words.Language, r release.Release) string {
	said := l.Say("Release #%d rolls the site back to #%d for %s", r.Number, r.RollbackTo, r.Ordered.By)
	if r.Ordered.Why != "" {
		said += " (" + r.Ordered.Why + ")"
	}
	return said
}

// keptWords say that requests in the meantime are not lost.
func keptWords(l words.Language) string {
	return l.Say("What is asked for is kept and goes out afterwards.")
}

// stoppedWords say what would keep a new release back, while there is none; "" for nothing.
func stoppedWords(v Site) string {
	stop := stopWords(v, v.DueIf("", v.Now))
	if stop == "" || v.Hold.On() {
		return stop
	}
	return stop + " " + keptWords(v.Language)
}

// cancelWords say that the current release is being cancelled; "" if it is not.
func cancelWords(v Site) string {
	if v.Current.Cancel.At.IsZero() {
		return ""
	}
	return "; " + v.Language.Say("it is being cancelled by %s", v.Current.Cancel.By)
}
