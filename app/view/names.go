package app

import (
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// stateName is a state as people see it.
func stateName(s release.State) string { return textOf(s).name }

// stateHint says what a state means, for who has never seen one.
func stateHint(s release.State) string { return textOf(s).hint }

// outcomeWords say how a release ended, or what it is doing.
func outcomeWords(o release.Outcome, state release.State) string {
	switch o {
	case release.Succeeded:
		return "Live"
	case release.Failed:
		return "Failed"
	case release.Cancelled:
		return "Cancelled"
	case release.Stale:
		return "Lost sight of"
	case release.Superseded:
		return "Ended by a reset"
	}
	return capital(stateWords(state))
}

// faultWords say whose fault an ending was, and who can mend it.
func faultWords(f release.Fault) string {
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

// sourceWords say who or what asked, when no name is known.
func sourceWords(s release.Source) string {
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
	ledger.KindAccepted:     "Request accepted",
	ledger.KindScheduled:    "Request scheduled",
	ledger.KindDue:          "Scheduled request fell due",
	release.KindOpened:      "Release opened",
	release.KindDispatching: "Being dispatched",
	release.KindUnknown:     "Dispatch without an answer",
	release.KindDispatched:  "Dispatched",
	release.KindStarting:    "Starting",
	release.KindInProgress:  "In Progress",
	release.KindComplete:    "Complete: live",
	release.KindEnded:       "Release ended",
	release.KindLate:        "Late",
	release.KindCancelling:  "Being cancelled",
	release.KindHeld:        "Site held",
	release.KindHoldLifted:  "Hold lifted",
	release.KindPaused:      "Paused",
	release.KindResumed:     "Resumed",
	release.KindFrozen:      "Freeze added",
	release.KindThawed:      "Freeze removed",
	release.KindRetry:       "Retried at once",
	release.KindReset:       "Reset",
	release.KindClock:       "Clock put back",
	github.KindInstallation: "GitHub App",
	api.EventsRestarted:     "Ledger restored",
}

// eventKinds are all kinds that the stream sends: a browser listens to each
// by its name.
func eventKinds() string {
	return strings.Join(slices.Sorted(maps.Keys(eventWords)), " ")
}

func eventName(kind string) string {
	if words, ok := eventWords[kind]; ok {
		return words
	}
	return kind
}
