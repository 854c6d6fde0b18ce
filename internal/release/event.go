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
	// RequestsDue are scheduled requests whose time has come, in order; Next
	// is when the next one falls due, zero for none.
	RequestsDue struct {
		Sources []Source
		Next    time.Time
	}
	// Rescheduled: scheduled requests were put off to other times, or withdrawn; Next
	// is when the next one falls due, zero for none.
	Rescheduled struct{ Next time.Time }
	// Tick says only that time has passed. Token is a fresh random one for a
	// dispatch that becomes due; it must not be empty. NoSlot says why a dispatch
	// that becomes due waits for a slot; "" where there is one.
	Tick struct {
		Token  string
		NoSlot string
	}

	// FingerprintRead is what was read of the content for a release; Value is empty
	// where that failed, and Why then tells.
	FingerprintRead struct {
		Release int64
		Value   string
		Why     string
	}
	// DispatchConfirmed is the runner's word that a dispatch became a run, which
	// it names. A runner that says only "accepted" has confirmed nothing yet:
	// the token is looked for.
	DispatchConfirmed struct {
		Token string
		Run   Run
	}
	// DispatchRefused is the runner's word that it will not take a dispatch.
	DispatchRefused struct {
		Token string
		Why   string
		Fault Fault
	}
	// DispatchUnknown: the answer to a dispatch did not arrive. Nothing is
	// sent again before the token has been looked for.
	DispatchUnknown struct {
		Token string
		Why   string
	}
	// DispatchMissing: the token was looked for until the grace time was over,
	// and no run has it. Sent is that of the SendDispatch, so that the same
	// answer given twice sends once; zero for the last sending, whichever.
	DispatchMissing struct {
		Token string
		Sent  int
	}

	// Claim is a run's wish to take a release. A run that nobody dispatched
	// has no token and asks for the site's turn. Release is zero there. It
	// takes up what waits: accept a request FromWorkflow for it first, so that
	// it says for whom it runs. A re-run claims with the release and token of
	// the first attempt; the release that it is given may have another number.
	Claim struct {
		Release int64
		Token   string
		Run     Run
	}
	// Report is a run's word that it entered a state.
	Report struct {
		Release  int64
		Run      Run
		Sequence int64
		To       State
		Note     string
	}
	// ContentRead is a run's word of what it has read, and of what it makes the site.
	// Watermark is the instant before the first read, by the source's clock; zero where
	// that does not tell.
	ContentRead struct {
		Release     int64
		Run         Run
		Sequence    int64
		Digest      string
		Consistency Consistency
		Watermark   time.Time
	}
	// Heartbeat is a run's word that it lives, and what it is doing.
	Heartbeat struct {
		Release int64
		Run     Run
		Note    string
	}
	// Failure is a run's word that it failed.
	Failure struct {
		Release  int64
		Run      Run
		Sequence int64
		Why      string
		Fault    Fault
		// Guards are those of the deploy that stopped it; none if something else did.
		Guards Guards
	}
	// RunSeen: the run was looked up, or its platform spoke of it, and it is
	// not over. Note says how it stands ("waiting for a runner").
	RunSeen struct {
		Run  Run
		Note string
	}
	// RunEnded: the platform says that the run is over. Live is set when it is
	// known that the run published the site although its report was lost. Fault and
	// Guards are what a run that failed left behind, whose report was lost: as in Failure.
	RunEnded struct {
		Run        Run
		Conclusion Conclusion
		Why        string
		Live       bool
		Fault      Fault
		Guards     Guards
	}
	// RunMissing: the run was looked up and cannot be found. That alone ends
	// nothing before the phase's deadline. A runner that knows that the run is
	// gone (its own process, a machine lost) says RunEnded with RunDied.
	RunMissing struct{ Run Run }

	// MarkerSeen: the site's public address was read, beginning at At, and this
	// is what it says of itself.
	MarkerSeen struct {
		Marker Marker
		At     time.Time
	}

	// Restarted: whoever listens for news of the run was away and could hear
	// none. The run's silence until now says nothing about it.
	Restarted struct{}

	// PauseSite stops dispatching until resumed, or until Until if set.
	PauseSite struct {
		Act
		Until time.Time
	}
	// ResumeSite ends a pause.
	ResumeSite struct{ Act }
	// CancelRelease stops the current release. Release, here and below, is the
	// number of the one that is meant: refused when another one is the current
	// one by now. Zero is whichever it is.
	CancelRelease struct {
		Act
		Release int64
	}
	// ResetSite ends the current release whatever it does, forgets failures
	// and holds, and releases what waits.
	ResetSite struct {
		Act
		Release int64
	}
	// RetryNow releases what waits at once instead of waiting for a retry.
	RetryNow struct {
		Act
		Release int64
	}
	// LetPass releases what waits at once, and lets guards pass that stopped the last
	// release. It holds for that one release.
	LetPass struct {
		Act
		Release int64
		Guards  Guards
	}
	// RollBack puts the content of an earlier release back. To must be one that
	// succeeded and was built: whose content it was is the caller's to know.
	RollBack struct {
		Act
		To int64
	}
	// HistoryRemoved: the releases up to Release, which ended before Before, and the
	// requests up to Place, which they served, are kept no longer. Why says so in words.
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

// The conclusions. Died: it ended without a word (killed, machine lost).
// NeverStarted: it could not begin (a broken workflow file).
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
