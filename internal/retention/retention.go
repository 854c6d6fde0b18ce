package retention

import (
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Policy says how much of each site's history stays.
type Policy struct {
	// For is how long releases, their requests and the audit trail stay; 0 for ever.
	For time.Duration
	// Releases is how many releases of a site stay however old they are: the newest.
	Releases int
	// HooksFor is how long the deliveries of hooks are kept; 0 for ever. The ledger keeps
	// the newest thousand of a site at most.
	HooksFor time.Duration
}

// On says whether anything is ever removed.
func (p Policy) On() bool { return p.For > 0 || p.HooksFor > 0 }

// Before is the instant before which a release must have ended to be removed; zero for never.
func (p Policy) Before(now time.Time) time.Time { return before(now, p.For) }

// HooksBefore is Before for the deliveries of hooks.
func (p Policy) HooksBefore(now time.Time) time.Time { return before(now, p.HooksFor) }

func before(now time.Time, span time.Duration) time.Time {
	if span <= 0 {
		return time.Time{}
	}
	return now.Add(-span)
}

// Words say how long history stays.
func (p Policy) Words() string {
	if p.For <= 0 {
		return "for ever"
	}
	return fmt.Sprintf("for %d days, and the newest %d releases of each site however old", int(p.For/(24*time.Hour)), p.Releases)
}

// Past is what this package needs to know of an earlier release.
type Past struct {
	Number, Upto int64
	Outcome      release.Outcome
	Rollback     bool
	Ended        time.Time // zero if it is not over
}

// serves says whether the requests up to Upto were served by it.
func (p Past) serves() bool { return p.ends() && !p.Rollback }

// ends says whether its content went live, or was live already.
func (p Past) ends() bool {
	return p.Outcome == release.Succeeded || p.Outcome == release.Unchanged
}

// Decide names the part of a site's history that may be removed now. oldest are the
// site's oldest kept releases, in order, out of kept in all. It returns false when
// nothing may.
func Decide(site release.Site, oldest []Past, kept int, p Policy, now time.Time) (release.HistoryRemoved, bool) {
	last := -1
	needed, limit := site.Needed(), p.Before(now)
	for i, r := range oldest[:min(len(oldest), max(0, kept-p.Releases))] {
		if r.Ended.IsZero() || !r.Ended.Before(limit) || needed == 0 || r.Number >= needed || r.Upto > site.Served {
			break
		}
		if r.serves() && builtNext(oldest[i+1:]) {
			last = i
		}
	}
	if last < 0 {
		return release.HistoryRemoved{}, false
	}
	r := oldest[last]
	return release.HistoryRemoved{
		Release: r.Number, Place: r.Upto, Before: r.Ended,
		Why: fmt.Sprintf("releases up to #%d with their requests and events: history is kept %s", r.Number, p.Words()),
	}, true
}

// builtNext says whether the first of the releases that succeeded was built, or put back.
// One that found nothing to do shows the content of the release before it, which must
// stay.
func builtNext(later []Past) bool {
	for _, r := range later {
		if r.ends() {
			return r.Outcome == release.Succeeded
		}
	}
	return false
}
