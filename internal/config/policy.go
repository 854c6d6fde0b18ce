package config

import (
	"cmp"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Policy is what the rules of releases need to know of a site.
func (s Site) Policy() release.Policy {
	s = s.withDefaults()
	p := release.DefaultPolicy()
	p.Quiet, p.MaxWait = s.Quiet.Std(), s.MaxWait.Std()
	p.RetryDelays = make([]time.Duration, len(s.Retry))
	for i := range s.Retry {
		p.RetryDelays[i] = s.Retry[i].Std()
	}
	p.Deadlines = release.Deadlines{
		Dispatch:   s.Deadlines.Dispatch.Std(),
		Dispatched: s.Deadlines.Dispatched.Std(),
		Starting:   s.Deadlines.Starting.Std(),
		InProgress: s.Deadlines.InProgress.Std(),
		Complete:   s.Deadlines.Complete.Std(),
	}
	p.Silence, p.NoKnowledge = s.Deadlines.Silence.Std(), s.Deadlines.NoKnowledge.Std()
	p.Fingerprint, p.MaxUnchanged = s.Fingerprint.URL != "", cmp.Or(s.Fingerprint.MaxAge, span(p.MaxUnchanged)).Std()
	for _, f := range s.Freezes {
		p.Freezes = append(p.Freezes, release.Window{From: f.From, To: f.To, Why: f.Why})
	}
	return p
}

// Location is the zone of the site's editors; UTC when none is set.
func (s Site) Location() *time.Location {
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil {
		return time.UTC // only of a Site that Load has not checked
	}
	return zone
}
