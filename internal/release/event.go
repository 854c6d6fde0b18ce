package release

import "time"

// Event is something that happened to a site. The set is closed.
type Event interface{ isEvent() }

type (
	// RequestAccepted is a new request. One whose NotBefore lies ahead gets
	// no place in line yet: see RequestsDue.
	RequestAccepted struct {
		Source    Source
		NotBefore time.Time
		// Emergency says that an operator wants it to go before all others.
		Emergency bool
	}
	// RequestsDue: scheduled requests have fallen due, in order; Next is when the next
	// one does, zero for none.
	RequestsDue struct {
		Sources []Source
		Next    time.Time
	}
	// Rescheduled: scheduled requests were moved to other times, or withdrawn; Next is
	// when the next one falls due, zero for none.
	Rescheduled struct{ Next time.Time }
	// Tick says that time has passed. Token is a fresh random token for a dispatch that
	// becomes due; it must not be empty. NoSlot says why such a dispatch must wait for a
	// slot; "" if there is one.
	Tick struct {
		Token  string
		NoSlot string
	}

	// FingerprintRead is the fingerprint that was read for a release; Value is empty if
	// that failed, and Why then says why.
	FingerprintRead struct {
		Release int64
		Value   string
		Why     string
	}
	// DispatchConfirmed: the runner has started a run for a dispatch, and names it. An
	// answer of "accepted" without a run confirms nothing yet: the run is looked for by
	// its token.
	DispatchConfirmed struct {
		Token string
		Run   Run
	}
	// DispatchRefused: the runner refuses a dispatch.
	DispatchRefused struct {
		Token string
		Why   string
		Fault Fault
	}
	// DispatchUnknown: the answer to a dispatch did not arrive. It is not repeated before
	// its run has been looked for.
	DispatchUnknown struct {
		Token string
		Why   string
	}
	// DispatchMissing: the token was looked for until the grace period was over, and no
	// run has it. Sent is the one of the SendDispatch, so that a repeated answer
	// dispatches once; zero for the last one.
	DispatchMissing struct {
		Token string
		Sent  int
	}

	// Claim: a run wants to take a release. A run that the app did not dispatch has no
	// token, a Release of zero, and asks for the site's turn. It takes up the waiting
	// requests: accept a request FromWorkflow for it first, so that there is one. A
	// re-run claims with the release and token of the first attempt; the release that it
	// gets may have another number.
	Claim struct {
		Release int64
		Token   string
		Run     Run
	}
	// Report: a run has entered a state.
	Report struct {
		Release  int64
		Run      Run
		Sequence int64
		To       State
		Note     string
	}
	// ContentRead: a run reports which content it has read. Watermark is the instant
	// before the first read, by the source's clock; zero if the source does not tell its
	// time.
	ContentRead struct {
		Release     int64
		Run         Run
		Sequence    int64
		Digest      string
		Consistency Consistency
		Watermark   time.Time
	}
	// Heartbeat: a run is alive, and Note says what it is doing.
	Heartbeat struct {
		Release int64
		Run     Run
		Note    string
	}
	// Failure: a run reports that it failed.
	Failure struct {
		Release  int64
		Run      Run
		Sequence int64
		Why      string
		Fault    Fault
		// Guards are the deploy's guards that stopped it; none if something else did.
		Guards Guards
	}
	// RunSeen: the run was looked up, or its platform reported it, and it is not over.
	// Note says what it does ("waiting for a runner").
	RunSeen struct {
		Run  Run
		Note string
	}
	// RunEnded: the platform says that the run is over. Live is set if the run is known to
	// have published the site although its report was lost. Fault and Guards are as in
	// Failure, for a failed run whose report was lost.
	RunEnded struct {
		Run        Run
		Conclusion Conclusion
		Why        string
		Live       bool
		Fault      Fault
		Guards     Guards
	}
	// RunMissing: the run was looked up and not found. That alone ends no release before
	// the phase's deadline. A runner that knows that the run has died (its own process, a
	// lost machine) sends RunEnded with RunDied.
	RunMissing struct{ Run Run }

	// MarkerSeen: the site's public address was read, beginning at At, and shows this marker.
	MarkerSeen struct {
		Marker Marker
		At     time.Time
	}

	// Restarted: the app was down and could hear nothing of the run, so the run's silence
	// until now proves nothing.
	Restarted struct{}

	// PauseSite stops dispatching until resumed, or until Until if set.
	PauseSite struct {
		Act
		Until time.Time
	}
	// ResumeSite ends a pause.
	ResumeSite struct{ Act }
	// CancelRelease stops the current release. Release, here and below, is the number of
	// the release that is meant: the act is refused if another one is current by now.
	// Zero means the current one.
	CancelRelease struct {
		Act
		Release int64
	}
	// ResetSite ends the current release in any state, clears failures and holds, and
	// releases the waiting requests.
	ResetSite struct {
		Act
		Release int64
	}
	// RetryNow releases the waiting requests at once instead of waiting for a retry.
	RetryNow struct {
		Act
		Release int64
	}
	// LetPass releases the waiting requests at once, and lets guards pass that stopped
	// the last release, in the new release only.
	LetPass struct {
		Act
		Release int64
		Guards  Guards
	}
	// RollBack puts the content of an earlier release back. To must have succeeded and
	// been built: the caller resolves a rollback or an unchanged release to the one whose
	// content it shows.
	RollBack struct {
		Act
		To int64
	}
	// HistoryRemoved: the releases up to Release, which ended before Before, and the
	// requests up to Place, which they served, are no longer kept. Why describes that in
	// words.
	HistoryRemoved struct {
		Release, Place int64
		Before         time.Time
		Why            string
	}
	// FreezeSite adds a window in which nothing is dispatched.
	FreezeSite struct {
		Act
		Window Window
	}
	// ThawSite removes such a window by its id.
	ThawSite struct {
		Act
		ID string
	}
)

// Conclusion is how a platform says that a run ended.
type Conclusion string

// The conclusions. RunDied: it ended without a report (killed, machine lost).
// RunNeverStarted: it could not begin (a broken workflow file).
const (
	RunSucceeded    Conclusion = "succeeded"
	RunFailed       Conclusion = "failed"
	RunCancelled    Conclusion = "cancelled"
	RunTimedOut     Conclusion = "timed_out"
	RunDied         Conclusion = "died"
	RunNeverStarted Conclusion = "never_started"
)

func (RequestAccepted) isEvent()   {}
func (RequestsDue) isEvent()       {}
func (Rescheduled) isEvent()       {}
func (Tick) isEvent()              {}
func (DispatchConfirmed) isEvent() {}
func (DispatchRefused) isEvent()   {}
func (FingerprintRead) isEvent()   {}
func (DispatchUnknown) isEvent()   {}
func (DispatchMissing) isEvent()   {}
func (Claim) isEvent()             {}
func (Report) isEvent()            {}
func (ContentRead) isEvent()       {}
func (Heartbeat) isEvent()         {}
func (Failure) isEvent()           {}
func (RunSeen) isEvent()           {}
func (RunEnded) isEvent()          {}
func (RunMissing) isEvent()        {}
func (Restarted) isEvent()         {}
func (PauseSite) isEvent()         {}
func (ResumeSite) isEvent()        {}
func (CancelRelease) isEvent()     {}
func (ResetSite) isEvent()         {}
func (RetryNow) isEvent()          {}
func (LetPass) isEvent()           {}
func (RollBack) isEvent()          {}
func (MarkerSeen) isEvent()        {}
func (HistoryRemoved) isEvent()    {}
func (FreezeSite) isEvent()        {}
func (ThawSite) isEvent()          {}
