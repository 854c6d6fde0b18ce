package notify

import (
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Policy says what people are told at a target, and when.
type Policy struct {
	// Wanted are the types that they are told of. Decide must see all types.
	Wanted []Type
	// Quiet covers the hours in which they are told only the types of Through.
	Quiet   calendar.Schedule
	Through []Type
	// Updates says that a release has one message, which is updated.
	Updates bool
}

// Verdict says what to do with a fact.
type Verdict string

// The verdicts: send a message at once; update the release's message; wait for the next
// digest; send nothing.
const (
	Tell   Verdict = "tell"
	Update Verdict = "update"
	Join   Verdict = "join"
	Drop   Verdict = "drop"
)

const (
	// Many is the most messages that people are sent one by one within ManySpan.
	Many = 6
	// ManySpan is the span of Many, and how long further facts wait for a digest.
	ManySpan = 10 * time.Minute
	// TroubleWait is how long a failure waits for a digest outside of quiet hours.
	TroubleWait = 30 * time.Second
	// SameSpan is how long a fact is not repeated.
	SameSpan = 24 * time.Hour
)

// troubles are the types of failures.
var troubles = []Type{ended(release.Failed), ended(release.Stale), ReleaseLate, SiteHeld, SiteDiffers, QueueLong, HandoffLate, RequestFailed}

// Trouble says whether a type is a failure.
func Trouble(t Type) bool { return slices.Contains(troubles, t) }

// Decide says what to do with a fact, by the target's memory, and returns the new memory.
// The returned fact is the one to send: a live release after failures becomes a
// ReleaseRecovered. Call it for facts that are not Wanted too, since later verdicts
// depend on them.
func (p Policy) Decide(m Memory, f Fact, now time.Time) (Memory, Fact, Verdict) {
	m = m.at(now)
	f = m.count(f)
	if f.Type == ReleaseRecovered && !slices.Contains(p.Wanted, ReleaseRecovered) {
		f.Type = ReleaseLive
	}
	same := m.same(f, now)
	switch {
	case f.To == "" && !slices.Contains(p.Wanted, f.Type):
		return m, f, Drop
	case p.Updates && f.Release != nil && slices.Contains(m.Shown, f.Release.Number):
		return m, f, Update
	case same:
		return m, f, Drop
	case f.To != "": // the person waits for it
		return m, f, Tell
	}
	quiet := !p.quietUntil(now).IsZero() && !slices.Contains(p.Through, f.Type)
	// Facts that wait for the end of quiet hours do not hold back those that may be told in them.
	if quiet || len(m.Recent) >= Many || len(m.Waits) > 0 && !m.Quiet {
		return m.join(f, now, quiet), f, Join
	}
	m.Recent = append(m.Recent, now)
	if f.Release != nil && p.Updates {
		m.Shown = lastOf(append(m.Shown, f.Release.Number), mostShown)
	}
	return m, f, Tell
}

// quietUntil is the end of the quiet hours at an instant; zero if there are none.
func (p Policy) quietUntil(now time.Time) time.Time {
	if len(p.Quiet.Windows) == 0 { // which would be awake all day
		return time.Time{}
	}
	return p.Quiet.OpenUntil(now)
}

// DigestAt is when the digest is due; false when nothing waits for one.
func (p Policy) DigestAt(m Memory, now time.Time) (time.Time, bool) {
	if len(m.Waits) == 0 {
		return time.Time{}, false
	}
	due := m.Since.Add(ManySpan)
	if end := p.quietUntil(now); !end.IsZero() {
		due = end
	} else if m.Quiet || due.After(now.Add(ManySpan)) { // the hours are over, or the clock was put back
		due = now
	}
	if !m.Trouble.IsZero() && m.Trouble.Add(TroubleWait).Before(due) {
		due = m.Trouble.Add(TroubleWait)
	}
	return due, true
}

// Sum makes the digest of the waiting facts, and removes them from the memory.
func (p Policy) Sum(m Memory, site Site, now time.Time) (Memory, Fact) {
	m = m.at(now)
	f := Fact{Type: Digest, At: now, Site: site, Lines: m.Waits, More: m.More}
	m.Waits, m.More, m.Since, m.Trouble, m.Quiet = nil, 0, time.Time{}, time.Time{}, false
	m.Recent = append(m.Recent, now)
	return m, f
}

// Queue makes a QueueLong fact if the oldest of the waiting requests has waited for
// longer than a limit. It is false otherwise; the returned memory must be kept in both
// cases.
func (p Policy) Queue(m Memory, site Site, waiting release.Group, longest time.Duration, now time.Time) (Memory, Fact, bool) {
	if waiting.Count == 0 || now.Sub(waiting.First) < longest {
		m = m.at(now)
		delete(m.Last, "queue")
		return m, Fact{}, false
	}
	why := site.Language.Say("%d waiting, the oldest since %s", words.Number(waiting.Count), site.time(waiting.First, "15:04"))
	return m, Fact{Type: QueueLong, At: now, Site: site, Why: why}, true
}
