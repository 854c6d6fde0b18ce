package view

import (
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// requestWords answer "is my change live?".
func requestWords(v Request) string {
	f, of, c := v.Resolution, v.Of, v.Of.Clock()
	soon := ""
	if !v.Expected.IsZero() {
		soon = ", expected live about " + c.Time(v.Expected)
	}
	again := ""
	if n := len(f.Failed); n > 0 {
		again = fmt.Sprintf(" Release #%d did not bring it.", f.Failed[n-1])
	}
	switch f.Status {
	case release.Live:
		return fmt.Sprintf("Live since %s, with release #%d.", c.Time(f.LiveAt), f.Release)
	case release.WasLive:
		return fmt.Sprintf("Was live with release #%d, since %s; %s.", f.Release, c.Time(f.LiveAt), noLongerWords(of))
	case release.Withdrawn:
		return fmt.Sprintf("Withdrawn: it should have gone out at %s, and was taken back before.", c.Time(v.NotBefore))
	case release.Scheduled:
		return fmt.Sprintf("Scheduled: not before %s%s.%s", c.Time(v.NotBefore), soon, dueWords(of, of.DueIf(v.Source, v.NotBefore)))
	case release.Waiting:
		return fmt.Sprintf("Waiting for release #%d%s to end; the next one brings it%s.%s%s",
			of.Current.Number, parted(of.lateWords()), soon, again, dueWords(of, of.DueAfter(c.Now)))
	case release.InRelease:
		if of.State == release.Requested {
			return waitingWords(of) + again
		}
		if late := of.lateWords(); late != "" {
			soon = parted(late)
		}
		return fmt.Sprintf("In release #%d, which is %s%s%s.%s", f.Release, StateDoing(of.State), cancelWords(of.Site), soon, again)
	}
	return ""
}

// noLongerWords say why what was live is not seen any more.
func noLongerWords(v Site) string {
	live, c := v.NowLive(), v.Clock()
	if v.Differs() {
		return fmt.Sprintf("%s, since %s", v.PublicWords(), c.Time(v.Public.Since))
	}
	words := fmt.Sprintf("the site was rolled back to #%d by %s at %s", live.RollbackTo, live.Ordered.By, c.Time(live.Times.Complete))
	if live.Ordered.Why != "" {
		words += ": " + strings.TrimRight(live.Ordered.Why, ". ")
	}
	return words + ". The next release that is built brings it again"
}

// parted sets words off from what is before them.
func parted(words string) string {
	if words == "" {
		return ""
	}
	return ", " + words
}

// waitingWords tell what the waiting requests wait for, and until when.
func waitingWords(v Site) string {
	number := v.Current.Number
	if v.State != release.Requested {
		return fmt.Sprintf("Waiting for release #%d%s to end.", number, parted(v.lateWords()))
	}
	c, due := v.Clock(), v.DispatchDue(v.Now)
	switch due.Why {
	case release.DueRollback:
		return rollingBackWords(v.Current) + "."
	case release.DueNothing:
		words := fmt.Sprintf("Release #%d is being dispatched", number)
		if v.Current.RollbackTo != 0 {
			words = rollingBackWords(v.Current) + " and is being dispatched"
		}
		if v.Current.Dispatch.Unknown != "" {
			words += ": " + v.Current.Dispatch.Unknown
		}
		return words + parted(v.lateWords()) + cancelWords(v.Site) + "."
	case release.DueGrouping:
		return fmt.Sprintf("Release #%d starts at %s, so that further changes can join it.", number, c.Time(due.At))
	case release.DueRetry:
		return fmt.Sprintf("Release #%d tries again at %s; the last one did not succeed: %s", number, c.Time(due.At), text.FullStop(orNoReason(due.Detail)))
	case release.DueFreeze:
		return fmt.Sprintf("%s Release #%d starts then.", stopWords(v, due), number)
	case release.DuePause:
		if due.At.IsZero() {
			return fmt.Sprintf("%s Release #%d starts once releases are resumed.", stopWords(v, due), number)
		}
		return stopWords(v, due)
	case release.DueHold:
		if v.Hold.Lifted == release.LiftedAfterRollback {
			return stopWords(v, due) + " Nothing is lost; ask for a release to publish what is in the CMS now."
		}
		return stopWords(v, due) + " Nothing is lost; ask for a release to try again at once."
	}
	return ""
}

// stopWords say what stops the dispatch of a release, until when and why; "" when
// nothing does.
func stopWords(v Site, due release.Due) string {
	why := text.FullStop(orNoReason(due.Detail))
	switch due.Why {
	case release.DueFreeze:
		return fmt.Sprintf("Frozen until %s: %s", v.Clock().Time(due.At), why)
	case release.DuePause:
		until := ""
		if !due.At.IsZero() {
			until = " until " + v.Clock().Time(due.At)
		}
		return fmt.Sprintf("Paused by %s%s: %s", v.Pause.By, until, why)
	case release.DueHold:
		return "Held: " + why
	case release.DueNothing, release.DueGrouping, release.DueRetry, release.DueRollback:
	}
	return ""
}

// dueWords are stopWords as a further sentence.
func dueWords(v Site, due release.Due) string {
	words := stopWords(v, due)
	if words == "" {
		return ""
	}
	return " " + words
}

func orNoReason(why string) string {
	if why == "" {
		return "no reason given"
	}
	return why
}

// stateText is a state in words: its name, what it means to somebody who has never
// seen one, and what a release in it is doing.
type stateText struct{ name, hint, doing string }

func textOf(s release.State) stateText {
	switch s {
	case release.Ready:
		return stateText{"Ready", "nothing to do", "over"}
	case release.Requested:
		return stateText{"Requested", "somebody asked", "waiting to start"}
	case release.Dispatched:
		return stateText{"Dispatched", "handed over", "waiting for its run to begin"}
	case release.Starting:
		return stateText{"Starting", "setting up", "starting"}
	case release.InProgress:
		return stateText{"In Progress", "building and publishing", "in progress"}
	case release.Complete:
		return stateText{"Complete", "live, finishing up", "live and finishing"}
	}
	return stateText{name: string(s), doing: string(s)}
}

// StateDoing says what a release in a state is doing.
func StateDoing(s release.State) string { return textOf(s).doing }

// siteWords sum a site's state up.
func siteWords(v Site) string {
	switch v.State {
	case release.Ready:
		words := liveWords(v)
		if stop := stoppedWords(v); stop != "" {
			return stop + " " + words
		}
		return words
	case release.Requested:
		return waitingWords(v)
	case release.Dispatched, release.Starting, release.InProgress, release.Complete:
		words := fmt.Sprintf("Release #%d is %s", v.Current.Number, StateDoing(v.State))
		if v.Current.RollbackTo != 0 {
			words = rollingBackWords(v.Current) + " and is " + StateDoing(v.State)
		}
		return words + parted(v.lateWords()) + cancelWords(v.Site) + "." + dueWords(v, v.DueAfter(v.Now))
	}
	return ""
}

// liveWords say what is live while nothing goes on.
func liveWords(v Site) string {
	switch {
	case v.Live.Number == 0:
		return "Nothing has been released yet."
	case v.Differs():
		return fmt.Sprintf("%s, since %s: somebody changed the destination without Pressrun. Release #%d, of %s, was the last one published here.",
			text.Capital(v.PublicWords()), v.Clock().Time(v.Public.Since), v.Live.Number, v.Clock().Time(v.Live.Times.Complete))
	case v.Live.RollbackTo != 0:
		return fmt.Sprintf("The content of release #%d is live, as of release #%d at %s; what came after it is not.",
			v.Live.RollbackTo, v.Live.Number, v.Clock().Time(v.Live.Times.Complete))
	}
	words := "Everything is live"
	if !v.Scheduled.IsZero() {
		words = "Everything but what is scheduled is live"
	}
	return fmt.Sprintf("%s, as of release #%d at %s.", words, v.Live.Number, v.Clock().Time(v.Live.Times.Complete))
}

// rollingBackWords say what a rollback does, and for whom.
func rollingBackWords(r release.Release) string {
	words := fmt.Sprintf("Release #%d rolls the site back to #%d for %s", r.Number, r.RollbackTo, r.Ordered.By)
	if r.Ordered.Why != "" {
		words += " (" + r.Ordered.Why + ")"
	}
	return words
}

// stoppedWords say what would keep a release back that was asked for now, while
// none is; "" when nothing would.
func stoppedWords(v Site) string {
	stop := stopWords(v, v.DueIf("", v.Now))
	if stop == "" {
		return ""
	}
	if v.Hold.On() {
		return stop
	}
	return stop + " What is asked for is kept and goes out afterwards."
}

// cancelWords tell that the current release is being cancelled, if it is.
func cancelWords(site release.Site) string {
	if site.Current.Cancel.At.IsZero() {
		return ""
	}
	return "; it is being cancelled by " + site.Current.Cancel.By
}
