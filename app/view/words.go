package view

import (
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// requestWords answer "is my change live?".
func requestWords(site release.Site, r ledger.Request, f ledger.Resolution, expected time.Time, c Clock) string {
	soon := ""
	if !expected.IsZero() {
		soon = ", expected live about " + c.Time(expected)
	}
	again := ""
	if n := len(f.Failed); n > 0 {
		again = fmt.Sprintf(" Release #%d did not bring it.", f.Failed[n-1])
	}
	switch f.Status {
	case release.Live:
		return fmt.Sprintf("Live since %s, with release #%d.", c.Time(f.LiveAt), f.Release)
	case release.Scheduled:
		return fmt.Sprintf("Scheduled: not before %s%s.", c.Time(r.NotBefore), soon)
	case release.Waiting:
		return fmt.Sprintf("Waiting for release #%d to end; the next one brings it%s.%s", site.Current.Number, soon, again)
	case release.InRelease:
		if site.State == release.Requested {
			return waitingWords(site, c) + again
		}
		return fmt.Sprintf("In release #%d, which is %s%s%s.%s", f.Release, StateDoing(site.State), cancelWords(site), soon, again)
	}
	return ""
}

// waitingWords tell what the waiting requests wait for, and until when.
func waitingWords(site release.Site, c Clock) string {
	if site.State != release.Requested {
		return fmt.Sprintf("Waiting for release #%d to end.", site.Current.Number)
	}
	due := site.DispatchDue(c.Now)
	number := site.Current.Number
	switch due.Why {
	case release.DueNothing:
		words := fmt.Sprintf("Release #%d is being dispatched", number)
		if site.Current.Dispatch.Unknown != "" {
			words += ": " + site.Current.Dispatch.Unknown
		}
		return words + cancelWords(site) + "."
	case release.DueGrouping:
		return fmt.Sprintf("Release #%d starts at %s, so that further changes can join it.", number, c.Time(due.At))
	case release.DueRetry:
		return fmt.Sprintf("Release #%d tries again at %s; the last one did not succeed: %s", number, c.Time(due.At), text.FullStop(orNoReason(due.Detail)))
	case release.DueFreeze:
		return fmt.Sprintf("Frozen until %s: %s Release #%d starts then.", c.Time(due.At), text.FullStop(orNoReason(due.Detail)), number)
	case release.DuePause:
		if due.At.IsZero() {
			return fmt.Sprintf("Paused by %s: %s Release #%d starts once releases are resumed.", site.Pause.By, text.FullStop(orNoReason(due.Detail)), number)
		}
		return fmt.Sprintf("Paused by %s until %s: %s", site.Pause.By, c.Time(due.At), text.FullStop(orNoReason(due.Detail)))
	case release.DueHold:
		return fmt.Sprintf("Held: %s Nothing is lost; ask for a release to try again at once.", text.FullStop(due.Detail))
	}
	return ""
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
func siteWords(site release.Site, c Clock) string {
	switch site.State {
	case release.Ready:
		if site.Live.Number == 0 {
			return "Nothing has been released yet."
		}
		words := "Everything is live"
		if !site.Scheduled.IsZero() {
			words = "Everything but what is scheduled is live"
		}
		return fmt.Sprintf("%s, as of release #%d at %s.", words, site.Live.Number, c.Time(site.Live.Times.Complete))
	case release.Requested:
		return waitingWords(site, c)
	case release.Dispatched, release.Starting, release.InProgress, release.Complete:
		words := fmt.Sprintf("Release #%d is %s", site.Current.Number, StateDoing(site.State))
		if !site.Current.Late.IsZero() {
			words += ", and takes longer than expected"
		}
		return words + cancelWords(site) + "."
	}
	return ""
}

// cancelWords tell that the current release is being cancelled, if it is.
func cancelWords(site release.Site) string {
	if site.Current.Cancel.At.IsZero() {
		return ""
	}
	return "; it is being cancelled by " + site.Current.Cancel.By
}
