package release

import "fmt"

// Code names why an event was refused, for programs.
type Code string

// The codes of a Conflict.
const (
	CodeInvalidTransition Code = "invalid_transition"
	CodeNoRelease         Code = "no_release"
	CodeReleaseOver       Code = "release_over"
	CodeOtherRelease      Code = "other_release"
	CodeOtherRun          Code = "other_run"
	CodeOldAttempt        Code = "old_attempt"
	CodeOldSequence       Code = "old_sequence"
	CodeDuplicateRun      Code = "duplicate_run"
	CodeNotYourTurn       Code = "not_your_turn"
	CodePaused            Code = "paused"
	CodeFrozen            Code = "frozen"
	CodeNothingToDo       Code = "nothing_to_do"
	CodeAlreadyLive       Code = "already_live"
	CodeBadEvent          Code = "bad_event"
	CodeNoFreeze          Code = "no_freeze"
	CodeNotScheduled      Code = "not_scheduled"
)

// Conflict is the refusal of an event that does not fit the site's state. The
// site has not changed. Over HTTP it is a 409, a 422 for CodeBadEvent and a 404 for
// CodeNoFreeze.
type Conflict struct {
	Code Code
	Text string
}

func (c *Conflict) Error() string { return c.Text }

func refuse(code Code, format string, args ...any) error {
	return &Conflict{Code: code, Text: fmt.Sprintf(format, args...)}
}
