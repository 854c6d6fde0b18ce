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

// Type is the type of a fact, such as release.live. Messages to programs put "pressrun." before it.
type Type string

// The types, without those of a release's end: these are "release." and the outcome.
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
	// ReleaseRecovered is the first live release after failed ones, and QueueLong says
	// that requests wait too long. Only people are told of them, and they depend on the
	// target's Memory.
	ReleaseRecovered Type = "release.recovered"
	QueueLong        Type = "site.queue_long"
	// HandoffLate: a target did not take a hand-off in time.
	HandoffLate Type = "site.handoff_late"
	// Digest sums up facts that people were not told one by one.
	Digest Type = "digest"
	// Test is sent to one target when an operator asks for it.
	Test Type = "test"
)

// ended is the type of a release's end.
func ended(o release.Outcome) Type { return Type("release." + string(o)) }

// ofRecord are the types of the kinds of audit trail entries that make a fact without a release.
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

// Types lists all types, sorted.
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

// Selected are the types that patterns name: a type, or its beginning and *, such as
// release.*. A pattern that matches none is an error.
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
			return nil, fmt.Errorf("%q names no event", p)
		}
	}
	return out, nil
}

// Fact is an event of a site, with all that messages say about it.
type Fact struct {
	// Event is the number of its entry in the audit trail.
	Event   int64
	Type    Type
	At      time.Time
	Site    Site
	Release *release.Release
	Request *Request
	By, Why string
	// To is the address of one person; "" for all of the target.
	To string
	// Asked are the first few requests of that person, of Count in all.
	Asked []Request
	Count int
	// Failed counts the releases that failed before one that recovered.
	Failed int64
	// Served are the first requests of a hand-off, of Requests in all.
	Served   []Request
	Requests int64
	// Steps are the steps of the release's run, for kinds of targets with Steps.
	Steps []Step
	// Lines are the facts of a digest, and More how many it leaves out.
	Lines []Line
	More  int
}

// Site is the site of a fact. App is the app's own public address. Messages for people
// are in Language, with times in Zone (nil for UTC).
type Site struct {
	Name, Title, URL, App string
	Zone                  *time.Location
	Language              words.Language
}

// forPrograms is the fact for programs: in English, with times in UTC.
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

// Request is the request of a fact.
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

// Of makes a fact of an entry of the audit trail; false if it makes none. The release is
// the one of the entry, nil for none.
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

// OfRequests is the type of the facts that an entry makes for each request that the
// release serves: RequestLive, RequestFailed, or "" for none.
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

// ID identifies a fact for a target: it is the same each time the fact is made. It
// includes the time, since a restored ledger numbers its events anew.
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
