package release

// Effect is an action that follows from an event. The set is closed.
type Effect interface{ isEffect() }

type (
	// Record is an entry of the audit trail: what happened to which release, by whom and
	// why, in words for editors.
	Record struct {
		Kind    string
		Release int64
		By      string
		Why     string
	}
	// Closed is a release that has ended.
	Closed struct{ Release Release }
	// SendDispatch hands a release to its runner. It is carried out at least once; if its
	// outcome is unknown, the run is looked for before it is sent again.
	SendDispatch struct {
		Release int64
		Token   string
		// Sent counts the dispatches of this token; a DispatchMissing repeats it.
		Sent int
		// RollbackTo is the number of the release to put back; 0 for one to be built.
		RollbackTo int64 `json:",omitzero"`
	}
	// ReadFingerprint reads the fingerprint of the content for a release; the answer is a
	// FingerprintRead.
	ReadFingerprint struct{ Release int64 }
	// LookUpRun asks the runner for the state of a run; the answer is a RunSeen, RunEnded
	// or RunMissing.
	LookUpRun struct {
		Release int64
		Run     Run
	}
	// CancelRun asks the runner to end a run.
	CancelRun struct {
		Release int64
		Run     Run
	}
)

func (Record) isEffect()          {}
func (Closed) isEffect()          {}
func (SendDispatch) isEffect()    {}
func (ReadFingerprint) isEffect() {}
func (LookUpRun) isEffect()       {}
func (CancelRun) isEffect()       {}

// The kinds of records that the rules write.
const (
	KindOpened      = "release.opened"
	KindDispatching = "release.dispatching"
	KindNoSlot      = "release.waits_for_slot"
	KindUnread      = "release.fingerprint_unread"
	KindUnknown     = "release.dispatch_unknown"
	KindDispatched  = "release.dispatched"
	KindStarting    = "release.starting"
	KindInProgress  = "release.in_progress"
	KindComplete    = "release.complete"
	KindEnded       = "release.ended"
	KindLate        = "release.late"
	KindCancelling  = "release.cancelling"
	KindHeld        = "site.held"
	KindHoldLifted  = "site.hold_lifted"
	KindPaused      = "site.paused"
	KindResumed     = "site.resumed"
	KindFrozen      = "site.frozen"
	KindThawed      = "site.thawed"
	KindRetry       = "site.retry"
	KindReset       = "site.reset"
	KindLetPass     = "site.guards_let_pass"
	KindRollback    = "site.rollback"
	KindDiffers     = "site.differs"
	KindAgrees      = "site.agrees"
	KindClock       = "site.clock"

	KindHistoryRemoved = "site.history_removed"
)
