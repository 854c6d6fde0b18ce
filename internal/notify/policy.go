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
	// Wanted are the types that they are told of.
	Wanted []Type
	// Quiet is awake in the hours in which they are told nothing but what Through has.
	Quiet   calendar.Schedule
	Through []Type
	// Updates says that a release has one message, which changes with it.
	Updates bool
}

// Verdict is what becomes of a fact.
type Verdict string

// The verdicts: it is told at once; it changes the message that the release has; it
// waits for the next digest; it is not told.
const (
	Tell   Verdict = "tell"
	Update Verdict = "update"
	Join   Verdict = "join"
	Drop   Verdict = "drop"
)

const (
	// Many is how many messages people are sent in ManySpan one by one.
	Many = 6
	// ManySpan is that span, and how long what comes beyond waits for a digest.
	ManySpan = 10 * time.Minute
	// TroubleWait is how long what went wrong waits for a digest outside of quiet hours.
	TroubleWait = 30 * time.Second
	// SameSpan is for how long the same is not said again.
	SameSpan = 24 * time.Hour
)

// troubles are the types of what went wrong.
var troubles = []Type{ended(release.Failed), ended(release.Stale), ReleaseLate, SiteHeld, SiteDiffers, QueueLong, HandoffLate, RequestFailed}

// Trouble says whether a type is something that went wrong.
func Trouble(t Type) bool { return slices.Contains(troubles, t) }

// Decide says what becomes of a fact, by what the target was told before. The fact
// that it gives back is the one to tell: a release that is live after failures has
// recovered. Facts that are not wanted are to be given too: what is told next
// depends on them.
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
	case f.To != "": // somebody waits for what they asked for
		return m, f, Tell
	}
	quiet := !p.quietUntil(now).IsZero() && !slices.Contains(p.Through, f.Type)
	// What waits for the end of quiet hours holds nothing up that may be told in them.
	if quiet || len(m.Recent) >= Many || len(m.Waits) > 0 && !m.Quiet {
		return m.join(f, now, quiet), f, Join
	}
	m.Recent = append(m.Recent, now)
	if f.Release != nil && p.Updates {
		m.Shown = lastOf(append(m.Shown, f.Release.Number), mostShown)
	}
	return m, f, Tell
}

// quietUntil is when the quiet hours that hold at an instant end; zero for none.
func (p Policy) quietUntil(now time.Time) time.Time {
	if len(p.Quiet.Windows) == 0 { // which would be awake all day
		return time.Time{}
	}
	return p.Quiet.OpenUntil(now)
}

// DigestAt is when the digest of what waits is due; false when nothing waits.
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

// Sum makes the digest of what waits, which then waits no more.
func (p Policy) Sum(m Memory, site Site, now time.Time) (Memory, Fact) {
	m = m.at(now)
	f := Fact{Type: Digest, At: now, Site: site, Lines: m.Waits, More: m.More}
	m.Waits, m.More, m.Since, m.Trouble, m.Quiet = nil, 0, time.Time{}, time.Time{}, false
	m.Recent = append(m.Recent, now)
	return m, f
}

// Queue is what is to be said of requests that wait, the oldest since an instant,
// when that is longer than a limit. It is false when they do not, which is to be
// remembered.
func (p Policy) Queue(m Memory, site Site, waiting release.Group, longest time.Duration, now time.Time) (Memory, Fact, bool) {
	if waiting.Count == 0 || now.Sub(waiting.First) < longest {
		m = m.at(now)
		delete(m.Last, "queue")
		return m, Fact{}, false
	}
	why := site.Language.Say("%d waiting, the oldest since %s", words.Number(waiting.Count), site.time(waiting.First, "15:04"))
	return m, Fact{Type: QueueLong, At: now, Site: site, Why: why}, true
}
