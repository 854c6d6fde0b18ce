package notify

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/words"
)

// Type names what happened, such as release.live. Outside it is "pressrun." and
// the type.
type Type string

// The types that are no ending of a release: those are "release." and the outcome.
const (
	ReleaseRequested  Type = "release.requested"
	ReleaseDispatched Type = "release.dispatched"
	ReleaseStarted    Type = "release.started"
	ReleaseInProgress Type = "release.in_progress"
	ReleaseLive       Type = "release.live"
	RequestLive       Type = "request.live"
	RequestFailed     Type = "request.failed"
	RequestScheduled  Type = "request.scheduled"
	RequestWithdrawn  Type = "request.withdrawn"
	ScheduleSkipped   Type = "schedule.skipped"
	ReleaseLate       Type = "release.late"
	SiteHeld          Type = "site.held"
	SiteDiffers       Type = "site.differs"
	// ReleaseRecovered is the first release that is live after some that failed, and
	// QueueLong that requests wait too long: people are told of them, by what their
	// target was told before.
	ReleaseRecovered Type = "release.recovered"
	QueueLong        Type = "site.queue_long"
	// HandoffLate: a target did not take in time what it is handed of what went live.
	HandoffLate Type = "site.handoff_late"
	// Digest sums up what people were not told one by one.
	Digest Type = "digest"
	// Test is sent when an operator asks for it, to nobody else.
	Test Type = "test"
)

// ended is the type of a release's ending.
func ended(o release.Outcome) Type { return Type("release." + string(o)) }

// ofRecord are the types of entries of the audit trail that say all by themselves.
var ofRecord = map[string]Type{
	release.KindOpened:     ReleaseRequested,
	release.KindDispatched: ReleaseDispatched,
	release.KindStarting:   ReleaseStarted,
	release.KindInProgress: ReleaseInProgress,
	release.KindComplete:   ReleaseLive,
	release.KindLate:       ReleaseLate,
	release.KindHeld:       SiteHeld,
	release.KindHoldLifted: "site.hold_lifted",
	release.KindPaused:     "site.paused",
	release.KindResumed:    "site.resumed",
	release.KindFrozen:     "site.frozen",
	release.KindThawed:     "site.thawed",
	release.KindRollback:   "site.rollback",
	release.KindDiffers:    SiteDiffers,
	release.KindAgrees:     "site.agrees",
	"handoff.late":         HandoffLate, // kinds of the ledger's own
	"handoff.on_time":      "site.handoff_on_time",
	"request.scheduled":    RequestScheduled,
	"request.withdrawn":    RequestWithdrawn,
	"schedule.skipped":     ScheduleSkipped,
}

// Types lists all types that a target may be told, sorted.
func Types() []Type {
	all := []Type{RequestLive, RequestFailed, ReleaseRecovered, QueueLong}
	for _, t := range ofRecord {
		all = append(all, t)
	}
	for _, o := range release.Outcomes {
		all = append(all, ended(o))
	}
	slices.Sort(all)
	return all
}

// Selected are the types that patterns name: a type, or its beginning and *, such
// as release.* . A pattern that names none is an error.
func Selected(patterns []string) ([]Type, error) {
	var out []Type
	for _, p := range patterns {
		found := false
		for _, t := range Types() {
			start, all := strings.CutSuffix(p, "*")
			if string(t) != p && (!all || !strings.HasPrefix(string(t), start)) {
				continue
			}
			found = true
			if !slices.Contains(out, t) {
				out = append(out, t)
			}
		}
		if !found {
			return nil, fmt.Errorf("%q is no event that is told", p)
		}
	}
	return out, nil
}

// Fact is something that happened to a site, with what is to be said of it.
type Fact struct {
	// Event is the number of the entry of the audit trail that it comes from.
	Event   int64
	Type    Type
	At      time.Time
	Site    Site
	Release *release.Release
	Request *Request
	By, Why string
	// To is the address of the one person who is told, where a target has several.
	To string
	// Asked are the requests of that person, the first few of Count.
	Asked []Request
	Count int
	// Failed counts the releases that failed before one that recovered.
	Failed int64
	// Served are the requests that a hand-off is of, the first of so many Requests.
	Served   []Request
	Requests int64
	// Steps are those of the release's run, for a kind that is told of them.
	Steps []Step
	// Lines are what a digest sums up, and More how much beyond them.
	Lines []Line
	More  int
}

// Site is the site that it happened to. App is the app's own public address. People are
// told in Language, by the clock of Zone (UTC where that is nil).
type Site struct {
	Name, Title, URL, App string
	Zone                  *time.Location
	Language              words.Language
}

// forPrograms is the fact as programs are told of it: in English, by UTC.
func (f Fact) forPrograms() Fact {
	f.Site.Language, f.Site.Zone = words.Language{}, nil
	return f
}

// time is an instant as people of the site read it.
func (s Site) time(t time.Time, layout string) words.Time {
	zone := s.Zone
	if zone == nil {
		zone = time.UTC
	}
	return s.Language.Time(t.In(zone), layout, true)
}

// Request is a request that it happened to.
type Request struct {
	ID, Entity, Title, Link, Actor, Reason string
	Source                                 release.Source
	AcceptedAt, NotBefore                  time.Time
}

// Record is an entry of the audit trail.
type Record struct {
	Event         int64
	Kind, By, Why string
	At            time.Time
}

// Of is what an entry of the audit trail says, if it is one that is told. The
// release is the one that it is about, nil for none.
func Of(site Site, e Record, r *release.Release) (Fact, bool) {
	f := Fact{Event: e.Event, At: e.At, Site: site, Release: r, By: e.By, Why: e.Why}
	if e.Kind == release.KindEnded {
		if r == nil {
			return f, false
		}
		f.Type, f.Why = ended(r.Outcome), r.Why
		return f, true
	}
	var known bool
	f.Type, known = ofRecord[e.Kind]
	return f, known
}

// OfRequests is what an entry says of each request that the release serves: that it
// is live, or that it is not; "" for nothing.
func OfRequests(e Record, r *release.Release) Type {
	switch {
	case r == nil:
		return ""
	case e.Kind == release.KindComplete, e.Kind == release.KindEnded && r.Outcome == release.Unchanged:
		return RequestLive
	case e.Kind == release.KindEnded && !r.Outcome.Served():
		return RequestFailed
	}
	return ""
}

// About is a fact about one request of a release.
func (f Fact) About(t Type, r Request) Fact {
	f.Type, f.Request = t, &r
	return f
}

// ID is the same for the same fact and target, however often it is made, and for
// no other. The time is part of it: a restored ledger counts its events anew.
func (f Fact) ID(target string) string {
	request := ""
	if f.Request != nil {
		request = f.Request.ID
	}
	if f.To != "" {
		request += "\x00" + f.To
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d\x00%d\x00%s\x00%s", f.Site.Name, target, f.Event, f.At.UnixMicro(), f.Type, request))
	return "msg_" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
}
