package config

import (
	"cmp"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Closed says why a site is not served.
type Closed struct {
	// Why is told to people: the mistake in its configuration, or that there is none any
	// more.
	Why string
	// Gone says that there is none any more, rather than one with a mistake.
	Gone bool
}

// Endless is when the freeze of a site ends that is not served: never by itself.
var Endless = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Close is a site as it stands while it is not served: nothing of it is asked for by itself,
// and nothing new is dispatched. What was last known of it is what a run under way is
// followed by.
func (s Site) Close(name, why string) Site {
	s.Title = cmp.Or(s.Title, name)
	s.TimeZone = cmp.Or(s.TimeZone, defaultTimeZone)
	s.Schedules, s.Hooks, s.Notify = nil, nil, nil
	s.Before, s.Fingerprint, s.Public = Before{}, Fingerprint{}, Public{}
	s.Freezes = []Freeze{{From: time.Unix(0, 0).UTC(), To: Endless, Why: why}}
	return s
}

// IsClosing says whether a freeze is that of a site which is not served.
func IsClosing(w release.Window) bool { return w.To.Equal(Endless) }
