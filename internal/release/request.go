package release

import "time"

// acceptRequest accepts a request, in any state of the site: at worst it waits. Only a
// not-before that can't be stored is refused.
func acceptRequest(t *turn, e RequestAccepted) error {
	if !storable(e.NotBefore) {
		return refuse(CodeBadEvent, "the request's not-before is no date of this calendar")
	}
	if e.NotBefore.After(t.now) {
		if t.Scheduled.IsZero() || e.NotBefore.Before(t.Scheduled) {
			t.Scheduled = plain(e.NotBefore)
		}
		return nil
	}
	joinLine(t, e.Source)
	if e.Emergency {
		hurry(t)
	}
	return nil
}

// requestsDue puts scheduled requests in line, in order.
func requestsDue(t *turn, e RequestsDue) error {
	if !storable(e.Next) {
		return refuse(CodeBadEvent, "the next not-before is no date of this calendar")
	}
	for _, source := range e.Sources {
		joinLine(t, source)
	}
	t.Scheduled = plain(e.Next)
	return nil
}

// rescheduled notes when the next scheduled request falls due. Nothing else changes:
// none of them has a place in line.
func rescheduled(t *turn, e Rescheduled) error {
	if !storable(e.Next) {
		return refuse(CodeBadEvent, "the next not-before is no date of this calendar")
	}
	t.Scheduled = plain(e.Next)
	return nil
}

// joinLine gives a request the next place and lets it open, join or wait for a release,
// by the verdict of Transition to Requested.
func joinLine(t *turn, source Source) {
	t.Accepted++
	verdict := Transition(t.State, Requested)
	if t.Current.isRollback() {
		verdict = Wait // it reads no content
	}
	switch verdict {
	case OK:
		t.Waiting = t.Waiting.with(source, t.now)
		t.open()
	case Skip:
		t.Current.Requests = t.Current.Requests.with(source, t.now)
		t.Current.Upto = t.Accepted
	case Wait, Invalid:
		t.Waiting = t.Waiting.with(source, t.now)
	}
	liftHold(t, source)
}

// liftHold ends a hold, or a wait for a retry, if the source of a request lifts it: a
// person who asks has usually fixed something, and need not wait.
func liftHold(t *turn, source Source) {
	if t.Hold.liftedBy(source) {
		t.Hold = Hold{}
		t.record(KindHoldLifted, "", "a new request from "+string(source))
	}
	if source.Person() && t.State == Requested {
		t.Current.NotBefore = time.Time{}
	}
}

// Status is the state of a request.
type Status string

// The statuses of a request. Scheduled: its not-before lies ahead. Waiting:
// for the next release. InRelease: a release has taken it up. Live: published.
const (
	Scheduled Status = "scheduled"
	Waiting   Status = "waiting"
	InRelease Status = "in_release"
	// WasLive: it was published, and the site shows something older now.
	WasLive Status = "was_live"
	Live    Status = "live"
	// Withdrawn: it was taken back before its time came.
	Withdrawn Status = "withdrawn"
)

// WithdrawnPlace is the place of a request that was withdrawn: it never had one.
const WithdrawnPlace = -1

// StatusAt is the status of the request at a place in line; place 0 is a request that is
// not in line yet, and WithdrawnPlace one that never will be.
func (s Site) StatusAt(place int64) Status {
	switch {
	case place < 0:
		return Withdrawn
	case place == 0:
		return Scheduled
	case place <= s.Served:
		return Live
	case s.Current.Number != 0 && place <= s.Current.Upto:
		return InRelease
	default:
		return Waiting
	}
}

// Source is who or what asks for a release.
type Source string

// The sources of requests.
const (
	FromSchedule Source = "schedule"
	FromContent  Source = "content"
	FromEditor   Source = "editor"
	FromOperator Source = "operator"
	FromWorkflow Source = "workflow"
)

// Sources lists all sources.
var Sources = []Source{FromSchedule, FromContent, FromEditor, FromOperator, FromWorkflow}

// Valid says whether s is one of the five sources.
func (s Source) Valid() bool {
	for _, known := range Sources {
		if s == known {
			return true
		}
	}
	return false
}

// Person says whether a person asked and waits: such a request ends a hold or a wait for a retry.
func (s Source) Person() bool { return s == FromEditor || s == FromOperator }
