package view

import (
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// StateName is a state as people see it.
func StateName(s release.State) string { return textOf(s).name }

// stateHint says what a state means, to somebody who has never seen one.
func stateHint(s release.State) string { return textOf(s).hint }

// FaultWords say whose fault an ending was, and who can mend it.
func FaultWords(f release.Fault) string {
	switch f {
	case release.FaultContent:
		return "The cause lies in the content: an editor can mend it."
	case release.FaultBuild:
		return "The cause lies in the build: a developer can mend it."
	case release.FaultPlatform:
		return "The cause lies in the platform that it ran on: an operator should look."
	case release.FaultPressrun:
		return "The cause lies in Pressrun itself: tell an operator."
	}
	return ""
}

// SourceWords say who or what asked, when no name is known.
func SourceWords(s release.Source) string {
	switch s {
	case release.FromSchedule:
		return "the schedule"
	case release.FromContent:
		return "a change of content"
	case release.FromEditor:
		return "an editor"
	case release.FromOperator:
		return "an operator"
	case release.FromWorkflow:
		return "a workflow"
	}
	return string(s)
}

// eventWords are the kinds of events in the audit trail, in words.
var eventWords = map[string]string{
	ledger.KindAccepted:          "Request accepted",
	ledger.KindScheduled:         "Request scheduled",
	ledger.KindMoved:             "Scheduled request moved",
	ledger.KindWithdrawn:         "Scheduled request withdrawn",
	ledger.KindDue:               "Scheduled request fell due",
	ledger.KindSkipped:           "Nothing to do for a schedule",
	release.KindOpened:           "Release opened",
	release.KindDispatching:      "Being dispatched",
	release.KindUnread:           "Fingerprint not read",
	release.KindUnknown:          "Dispatch without an answer",
	release.KindDispatched:       "Dispatched",
	release.KindStarting:         "Starting",
	release.KindInProgress:       "In Progress",
	release.KindComplete:         "Complete: live",
	release.KindEnded:            "Release ended",
	release.KindLate:             "Late",
	release.KindCancelling:       "Being cancelled",
	release.KindHeld:             "Site held",
	release.KindHoldLifted:       "Hold lifted",
	release.KindPaused:           "Paused",
	release.KindResumed:          "Resumed",
	release.KindFrozen:           "Freeze added",
	release.KindThawed:           "Freeze removed",
	release.KindRetry:            "Retried at once",
	release.KindReset:            "Reset",
	release.KindRollback:         "Rollback",
	release.KindDiffers:          "Changed behind Pressrun",
	release.KindAgrees:           "Shows what was released again",
	release.KindClock:            "Clock put back",
	ledger.KindNoticeUndelivered: "Notice undelivered",
	ledger.KindNoticeReplayed:    "Notice sent again",
	api.EventInstallation:        "GitHub App",
	api.EventRepository:          "Repository at GitHub",
	api.EventsRestarted:          "Ledger restored",
}

// EventKinds are all kinds of events that a stream sends, with spaces between: a
// browser listens to each by its name.
func EventKinds() string {
	return strings.Join(slices.Sorted(maps.Keys(eventWords)), " ")
}

// EventName is a kind of event in words.
func EventName(kind string) string {
	if words, ok := eventWords[kind]; ok {
		return words
	}
	return kind
}

// DueWords say what a release waits for, "" for nothing.
func DueWords(due release.Due) string {
	switch due.Why {
	case release.DueGrouping:
		return "further changes, which may join"
	case release.DueRetry:
		return "the time to try again"
	case release.DueFreeze:
		return "the end of the freeze"
	case release.DuePause:
		return "the end of the pause"
	case release.DueHold:
		return "a new request, or an operator"
	case release.DueRollback:
		return "nothing: it goes at once"
	case release.DueNothing:
	}
	return ""
}
