package release

// Effect is something to be done because of an event. The set is closed.
type Effect interface{ isEffect() }

type (
	// Record is an entry of the audit trail: what happened to which release,
	// by whom and why, in words that an editor understands.
	Record struct {
		Kind    string
		Release int64
		By      string
		Why     string
	}
	// Closed is a release that has ended.
	Closed struct{ Release Release }
	// SendDispatch hands a release to its runner. It is carried out at least
	// once; a sending whose outcome is unknown is looked for, not repeated.
	SendDispatch struct {
		Release int64
		Token   string
		// Sent counts the sendings of this token; it goes back with a
		// DispatchMissing.
		Sent int
		// RollbackTo is the number of the release to put back; 0 for one to be built.
		RollbackTo int64 `json:",omitzero"`
	}
	// ReadFingerprint has the fingerprint of the content read for a release: the
	// answer is a FingerprintRead.
	ReadFingerprint struct{ Release int64 }
	// LookUpRun asks the runner what has become of a run: the answer is a
	// RunSeen, RunEnded or RunMissing.
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
