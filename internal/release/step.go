package release

import (
	"fmt"
	"time"
)

// Step applies an event to a site at an instant. It returns the site after the event and
// the effects to carry out, or the unchanged site and a *Conflict. The site passed in is
// never changed.
func Step(site Site, event Event, now time.Time) (Site, []Effect, error) {
	t := turn{Site: clone(site), now: plain(now)}
	if err := t.take(event); err != nil {
		return site, nil, err
	}
	return t.Site, t.effects, nil
}

// plain drops the zone and the monotonic reading of a time, which are not stored, so that
// a site decides the same before and after a restart.
func plain(at time.Time) time.Time { return at.Round(0).UTC() }

// storable says whether a time can be stored: JSON has years of four digits only, and a
// site that can't be stored could never change again.
func storable(at time.Time) bool {
	year := at.UTC().Year()
	return year >= 1 && year < 9999
}

// noneIfEmpty makes an empty list nil, as it is after a restart.
func noneIfEmpty(windows []Window) []Window {
	if len(windows) == 0 {
		return nil
	}
	return windows
}

// turn is one Step under way. Its methods change the site; the rules are functions of a
// turn and an event, in the file of their subject.
type turn struct {
	Site
	now     time.Time
	effects []Effect
}

func (t *turn) take(event Event) error {
	switch e := event.(type) {
	case RequestAccepted:
		return acceptRequest(t, e)
	case RequestsDue:
		return requestsDue(t, e)
	case Rescheduled:
		return rescheduled(t, e)
	case Tick:
		return tick(t, e)
	case FingerprintRead:
		return fingerprintRead(t, e)
	case DispatchConfirmed:
		return dispatchConfirmed(t, e)
	case DispatchRefused:
		return dispatchRefused(t, e)
	case DispatchUnknown:
		return dispatchUnknown(t, e)
	case DispatchMissing:
		return dispatchMissing(t, e)
	case Claim:
		return claim(t, e)
	case Report:
		return report(t, e)
	case ContentRead:
		return contentRead(t, e)
	case Heartbeat:
		return heartbeat(t, e)
	case Failure:
		return failure(t, e)
	case RunSeen:
		return runSeen(t, e)
	case RunEnded:
		return runEnded(t, e)
	case RunMissing:
		return runMissing(t, e)
	case MarkerSeen:
		t.markerSeen(e)
		return nil
	case HistoryRemoved:
		return removeHistory(t, e)
	case Restarted:
		restarted(t)
		return nil
	default:
		return operate(t, event)
	}
}

func (t *turn) emit(e Effect) { t.effects = append(t.effects, e) }

func (t *turn) record(kind, by, why string) {
	t.emit(Record{Kind: kind, Release: t.Current.Number, By: by, Why: why})
}

// enter moves the current release and the site to a state.
func (t *turn) enter(s State, kind, why string) {
	t.State = s
	t.Current.Times.enter(s, t.now)
	t.Current.Late = time.Time{}
	t.Current.Note = ""
	t.record(kind, "", why)
}

// open opens a release for the waiting requests. The site must be Ready and requests must wait.
func (t *turn) open() {
	t.Number = t.nextNumber()
	t.State = Requested
	t.Current = Release{
		Number:   t.Number,
		Requests: t.Waiting,
		After:    t.Served,
		Upto:     t.Accepted,
		Times:    Times{Requested: t.now},
	}
	t.Waiting = Group{}
	t.record(KindOpened, "", "")
}

// settle moves an ended release to Last, and opens the next if requests wait.
func (t *turn) settle() {
	t.Current.Times.Ended = t.now
	t.Last = t.Current
	if t.Current.Outcome == Succeeded {
		t.Live = t.Current
	}
	t.record(KindEnded, t.Current.By, endedWords(t.Current))
	t.emit(Closed{Release: t.Current})
	t.State = Ready
	t.Current = Release{}
	holdAfterRollback(t, t.Last)
	if t.Waiting.Count > 0 {
		t.open()
	}
}

func endedWords(r Release) string {
	if r.Why == "" {
		return string(r.Outcome)
	}
	return fmt.Sprintf("%s: %s", r.Outcome, r.Why)
}

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
