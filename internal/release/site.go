package release

import (
	"slices"
	"time"
)

// Site is the state of one site, as the rules need it. The zero value is not ready for
// use: see NewSite.
type Site struct {
	Name   string `json:"name"`
	Policy Policy `json:"-"`
	State  State  `json:"state"`
	// Accepted is the last place in line given out; every place up to Served
	// is live.
	Accepted int64 `json:"accepted"`
	Served   int64 `json:"served"`
	// Waiting are the requests that the current release does not serve.
	Waiting Group `json:"waiting"`
	// Scheduled is when the next request with a not-before falls due; zero
	// when there is none.
	Scheduled time.Time `json:"scheduled,omitzero"`
	// Number is the number of the newest release; Current is that release while it has
	// not ended, and the zero Release when the site is Ready.
	Number  int64   `json:"number"`
	Current Release `json:"current,omitzero"`
	// Last is the newest release that ended, and Live the newest that
	// succeeded.
	Last Release `json:"last,omitzero"`
	Live Release `json:"live,omitzero"`
	// Failures counts the failed releases in a row.
	Failures int      `json:"failures,omitzero"`
	Hold     Hold     `json:"hold,omitzero"`
	Pause    Pause    `json:"pause,omitzero"`
	Freezes  []Window `json:"freezes,omitempty"`
	// Public is the last state seen through the site's public address.
	Public Public `json:"public,omitzero"`
	// Removed is how much of the history is no longer kept.
	Removed Removed `json:"removed,omitzero"`
	// Unchanged is the newest instant at which the content is known to have equalled the
	// live release's, without a new release; zero for none.
	Unchanged time.Time `json:"unchanged,omitzero"`
}

// AsOf is the newest instant whose content is known to be live; zero for none.
func (s Site) AsOf() time.Time { return later(s.Live.Watermark, s.Unchanged) }

// NewSite is a site that has never been released.
func NewSite(name string, policy Policy) Site {
	return Site{Name: name, State: Ready, Policy: policy}
}

// Group sums up requests that go out together.
type Group struct {
	Count int64 `json:"count"`
	// Scheduled says that only schedules asked.
	Scheduled bool `json:"scheduled,omitzero"`
	// Insisted says that an operator asked: the release is built even if nothing has changed.
	Insisted bool `json:"insisted,omitzero"`
	// Emergency says that an operator wants it to go before all others.
	Emergency bool `json:"emergency,omitzero"`
	// First and Last are when the oldest and the newest of them came.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
}

func (g Group) with(source Source, at time.Time) Group {
	return g.merge(Group{Count: 1, Scheduled: source == FromSchedule, Insisted: source == FromOperator, First: at, Last: at})
}

func (g Group) merge(o Group) Group {
	switch {
	case g.Count == 0:
		return o
	case o.Count == 0:
		return g
	}
	g.Count += o.Count
	g.Scheduled = g.Scheduled && o.Scheduled
	g.Insisted = g.Insisted || o.Insisted
	g.Emergency = g.Emergency || o.Emergency
	if o.First.Before(g.First) {
		g.First = o.First
	}
	if o.Last.After(g.Last) {
		g.Last = o.Last
	}
	return g
}

// Release is one pass that publishes a site.
type Release struct {
	Number int64 `json:"number"`
	// Retry is the number of the release whose requests this one takes up
	// again, and NotBefore the earliest time to try; zero for a first try.
	Retry     int64     `json:"retry,omitzero"`
	NotBefore time.Time `json:"not_before,omitzero"`
	Requests  Group     `json:"requests"`
	// RollbackTo is the number of the release whose content this one puts back, and
	// Ordered who asked for that and why; zero for a release that is built. A rollback
	// serves no requests.
	RollbackTo int64 `json:"rollback_to,omitzero"`
	Ordered    Act   `json:"ordered,omitzero"`
	// It serves the places in line after After up to and including Upto. Upto grows until
	// In Progress, when Watermark, the instant before content is read, is set: by the
	// app's clock, and then by the source's, if the run reports that.
	After     int64     `json:"after,omitzero"`
	Upto      int64     `json:"upto"`
	Watermark time.Time `json:"watermark,omitzero"`
	// Fingerprint is the fingerprint of the content before the watermark. SameAs is the
	// live release with the same content, if there was nothing to do; else 0.
	Fingerprint Fingerprint `json:"fingerprint,omitzero"`
	SameAs      int64       `json:"same_as,omitzero"`
	// Reading describes the content that the run has read.
	Reading Reading `json:"reading,omitzero"`
	// NoSlot is when it began to wait for a slot; zero if it never had to.
	NoSlot   time.Time `json:"no_slot,omitzero"`
	Dispatch Dispatch  `json:"dispatch,omitzero"`
	Run      Run       `json:"run,omitzero"`
	// Sequence is the sequence of the run's last report.
	Sequence int64 `json:"sequence,omitzero"`
	Times    Times `json:"times"`
	// Heard is when the run last reported or was seen, LookedUp when it was last looked
	// up, and Late when it was found to have passed a deadline.
	Heard    time.Time `json:"heard,omitzero"`
	LookedUp time.Time `json:"looked_up,omitzero"`
	Late     time.Time `json:"late,omitzero"`
	// Note is what the run is doing, by its last report, for people.
	Note string `json:"note,omitzero"`
	// Cancel is set once somebody cancelled the release. CancelUpto is the last place
	// given out by then: later requests were not part of the cancellation.
	Cancel     Act   `json:"cancel,omitzero"`
	CancelUpto int64 `json:"cancel_upto,omitzero"`
	// Allowed are guards of the deploy that an operator lets pass in this release.
	Allowed Allowance `json:"allowed,omitzero"`
	// Guards are the guards that stopped it.
	Guards Guards `json:"guards,omitzero"`
	// Outcome, Why, Fault and By say how and why it ended.
	Outcome Outcome `json:"outcome,omitzero"`
	Why     string  `json:"why,omitzero"`
	Fault   Fault   `json:"fault,omitzero"`
	By      string  `json:"by,omitzero"`
}

// Dispatch is the state of a release's dispatch to its runner.
type Dispatch struct {
	// Token is random, goes with the dispatch and comes back with the claim.
	Token string `json:"token,omitzero"`
	// Intended is when the intent was recorded, before anything was sent.
	Intended time.Time `json:"intended,omitzero"`
	// Sent counts how often it was sent; more than once only after its run was looked for
	// and not found.
	Sent int `json:"sent,omitzero"`
	// Unknown is why the outcome of the last dispatch is unknown; empty when it is known.
	Unknown string `json:"unknown,omitzero"`
}

// Run names the run that carries a release out. Attempt counts from 1.
type Run struct {
	ID      string `json:"id"`
	Attempt int    `json:"attempt"`
	URL     string `json:"url,omitzero"`
}

func (r Run) same(o Run) bool { return r.ID == o.ID && r.Attempt == o.Attempt }

// Times are when a release entered each state, and when it ended.
type Times struct {
	Requested  time.Time `json:"requested,omitzero"`
	Dispatched time.Time `json:"dispatched,omitzero"`
	Starting   time.Time `json:"starting,omitzero"`
	InProgress time.Time `json:"in_progress,omitzero"`
	Complete   time.Time `json:"complete,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
}

// Of is when the release entered a state; zero if it has not.
func (t Times) Of(s State) time.Time {
	switch s {
	case Requested:
		return t.Requested
	case Dispatched:
		return t.Dispatched
	case Starting:
		return t.Starting
	case InProgress:
		return t.InProgress
	case Complete:
		return t.Complete
	case Ready:
		return t.Ended
	}
	return time.Time{}
}

func (t *Times) enter(s State, at time.Time) {
	switch s {
	case Requested:
		t.Requested = at
	case Dispatched:
		t.Dispatched = at
	case Starting:
		t.Starting = at
	case InProgress:
		t.InProgress = at
	case Complete:
		t.Complete = at
	case Ready:
		t.Ended = at
	}
}

// Act is an act of a person: who, why and when.
type Act struct {
	By  string    `json:"by,omitzero"`
	Why string    `json:"why,omitzero"`
	At  time.Time `json:"at,omitzero"`
}

// Hold keeps a site from being released again by itself; nothing is lost.
type Hold struct {
	Since time.Time `json:"since,omitzero"`
	Why   string    `json:"why,omitzero"`
	// Lifted says which requests end the hold: those of people after too many failures,
	// any after a cancellation.
	Lifted Lifting `json:"lifted,omitzero"`
}

// Lifting says what ends a hold.
type Lifting string

// Which requests end a hold. An operator's retry or reset always does.
const (
	LiftedByPerson Lifting = "person"
	LiftedByAny    Lifting = "any"
	// LiftedAfterRollback: requests of people end it. A run that the app did not dispatch
	// does not: a workflow's own schedule would undo the rollback.
	LiftedAfterRollback Lifting = "rollback"
)

// On says whether the hold is in force.
func (h Hold) On() bool { return !h.Since.IsZero() }

func (h Hold) liftedBy(source Source) bool {
	return h.On() && (source.Person() || h.Lifted == LiftedByAny)
}

// Pause is an operator's stop: everything is accepted, nothing dispatched.
type Pause struct {
	Act
	// Until is when it ends by itself; zero if it lasts until it is resumed.
	Until time.Time `json:"until,omitzero"`
}

// On says whether the site is paused at an instant.
func (p Pause) On(at time.Time) bool {
	return !p.At.IsZero() && (p.Until.IsZero() || at.Before(p.Until))
}

// clone copies a site, with the slices that a change could share with the original.
func clone(s Site) Site {
	s.Freezes = slices.Clone(s.Freezes)
	return s
}

// Since is when the site entered its state; zero if it never left Ready.
func (s Site) Since() time.Time {
	if s.State == Ready {
		return s.Last.Times.Ended
	}
	return s.Current.Times.Of(s.State)
}
