package manifest

import (
	"time"

	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// Grace is how long an asset stays after a release dropped it: until Days have passed and
// Releases deploys have followed.
type Grace struct {
	Days     int `json:"days"`
	Releases int `json:"releases"`
}

// DefaultGrace is for browsers that keep a page open for weeks.
var DefaultGrace = Grace{Days: 30, Releases: 5}

// Keeps says whether the deploy of this sequence number and time keeps a dropped file: it
// does an asset in its grace time.
func (g Grace) Keeps(r Retired, sequence int64, at time.Time) bool {
	if rules.Classify(r.Path) != rules.ClassAsset {
		return false
	}
	return sequence-r.Sequence < int64(g.Releases) || at.Sub(r.At) < time.Duration(g.Days)*24*time.Hour
}
