package config

import (
	"cmp"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Closed says why a site is not served.
type Closed struct {
	// Why says for people: the mistake in its configuration, or that its configuration was removed.
	Why string
	// Gone says that its configuration was removed, rather than has a mistake.
	Gone bool
}

// Endless is the end of the freeze of a site that is not served: the freeze never ends by itself.
var Endless = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Close is the site's configuration while it is not served: no schedule asks for a release,
// and nothing new is dispatched. The last valid settings stay, so that a run under way is
// followed to its end.
func (s Site) Close(name, why string) Site {
	s.Title = cmp.Or(s.Title, name)
	s.TimeZone = cmp.Or(s.TimeZone, defaultTimeZone)
	s.Schedules, s.Hooks, s.Notify = nil, nil, nil
	s.Before, s.Fingerprint, s.Public = Before{}, Fingerprint{}, Public{}
	s.Freezes = []Freeze{{From: time.Unix(0, 0).UTC(), To: Endless, Why: why}}
	return s
}

// IsClosing says whether a freeze comes from Close.
func IsClosing(w release.Window) bool { return w.To.Equal(Endless) }
