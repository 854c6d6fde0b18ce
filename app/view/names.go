package view

import (
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// StateName is a state as people see it.
func StateName(l words.Language, s release.State) string { return textOf(l, s).name }

// FaultWords name the cause of the release's failure, and who can mend it.
func (v Release) FaultWords() string { return faultWords(v.Language, v.Fault) }

func faultWords(l words.Language, f release.Fault) string {
	switch f {
	case release.FaultContent:
		return l.Say("The cause lies in the content: an editor can mend it.")
	case release.FaultBuild:
		return l.Say("The cause lies in the build: a developer can mend it.")
	case release.FaultPlatform:
		return l.Say("The cause lies in the platform that it ran on: an operator should look.")
	case release.FaultPressrun:
		return l.Say("The cause lies in Pressrun itself: tell an operator.")
	}
	return ""
}

// SourceWords name the source of a request without an actor.
func SourceWords(l words.Language, s release.Source) string {
	switch s {
	case release.FromSchedule:
		return l.Say("the schedule")
	case release.FromContent:
		return l.Say("a change of content")
	case release.FromEditor:
		return l.Say("an editor")
	case release.FromOperator:
		return l.Say("an operator")
	case release.FromWorkflow:
		return l.Say("a workflow")
	}
	return string(s)
}

// eventWords are the kinds of events in the audit trail, in words.
var eventWords = map[string]words.Key{
	ledger.KindAccepted:          words.Key("Request accepted"),
	ledger.KindScheduled:         words.Key("Request scheduled"),
	ledger.KindMoved:             words.Key("Scheduled request moved"),
	ledger.KindWithdrawn:         words.Key("Scheduled request withdrawn"),
	ledger.KindDue:               words.Key("Scheduled request fell due"),
	ledger.KindSkipped:           words.Key("Nothing to do for a schedule"),
	release.KindOpened:           words.Key("Release opened"),
	release.KindDispatching:      words.Key("Being dispatched"),
	release.KindNoSlot:           words.Key("Waits for a free slot"),
	release.KindUnread:           words.Key("Fingerprint not read"),
	release.KindUnknown:          words.Key("Dispatch without an answer"),
	release.KindDispatched:       words.Key("Dispatched"),
	release.KindStarting:         words.Key("Starting"),
	release.KindInProgress:       words.Key("In Progress"),
	release.KindComplete:         words.Key("Complete: live"),
	release.KindEnded:            words.Key("Release ended"),
	release.KindLate:             words.Key("Late"),
	release.KindCancelling:       words.Key("Being cancelled"),
	release.KindHeld:             words.Key("Site held"),
	release.KindHoldLifted:       words.Key("Hold lifted"),
	release.KindPaused:           words.Key("Paused"),
	release.KindResumed:          words.Key("Resumed"),
	release.KindFrozen:           words.Key("Freeze added"),
	release.KindThawed:           words.Key("Freeze removed"),
	release.KindRetry:            words.Key("Retried at once"),
	release.KindLetPass:          words.Key("Guards let pass once"),
	release.KindReset:            words.Key("Reset"),
	release.KindRollback:         words.Key("Rollback"),
	release.KindDiffers:          words.Key("Changed behind Pressrun"),
	release.KindAgrees:           words.Key("Shows what was released again"),
	release.KindClock:            words.Key("Clock put back"),
	release.KindHistoryRemoved:   words.Key("Old history removed"),
	ledger.KindNoticeUndelivered: words.Key("Notice undelivered"),
	ledger.KindNoticeReplayed:    words.Key("Notice sent again"),
	ledger.KindHandoffLate:       words.Key("Hand-off late"),
	ledger.KindHandoffOnTime:     words.Key("Hand-offs on time again"),
	ledger.KindPreviewAsked:      words.Key("Preview asked for"),
	ledger.KindPreviewExtended:   words.Key("Preview kept longer"),
	ledger.KindPreviewRemoved:    words.Key("Preview to be removed"),
	api.EventInstallation:        words.Key("GitHub App"),
	api.EventRepository:          words.Key("Repository at GitHub"),
	api.EventsRestarted:          words.Key("Ledger restored"),
}

// EventKinds are all kinds of events that a stream sends, separated by spaces: a browser
// listens to each by its name.
func EventKinds() string {
	return strings.Join(slices.Sorted(maps.Keys(eventWords)), " ")
}

// EventName is a kind of event in words.
func EventName(l words.Language, kind string) string {
	if name, ok := eventWords[kind]; ok {
		return l.Say(string(name))
	}
	return kind
}

// DueWords name the thing that a release waits for, "" for nothing.
func DueWords(l words.Language, due release.Due) string {
	switch due.Why {
	case release.DueGrouping:
		return l.Say("further changes, which may join")
	case release.DueRetry:
		return l.Say("the time to try again")
	case release.DueFreeze:
		return l.Say("the end of the freeze")
	case release.DuePause:
		return l.Say("the end of the pause")
	case release.DueHold:
		return l.Say("a new request, or an operator")
	case release.DueRollback:
		return l.Say("nothing: it goes at once")
	case release.DueSlot:
		return l.Say("a free slot")
	case release.DueNothing:
	}
	return ""
}
