package manifest

import (
	"time"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// Grace is how long an asset that a release dropped stays: while any of the
// last Releases or any release of the last Days names it.
type Grace struct {
	Days     int `json:"days"`
	Releases int `json:"releases"`
}

// DefaultGrace is for browsers that keep a page open for weeks.
var DefaultGrace = Grace{Days: 30, Releases: 5}

// Keeps says whether a dropped file stays at the deploy of this sequence number
// and time: it is an asset, and the release that dropped it is one of the last few,
// or recent. Sequence numbers count deploys, of which a release has at least one.
func (g Grace) Keeps(r Retired, sequence int64, at time.Time) bool {
	if rules.Classify(r.Path) != rules.ClassAsset {
		return false
	}
	return sequence-r.Sequence < int64(g.Releases) || at.Sub(r.At) < time.Duration(g.Days)*24*time.Hour
}
