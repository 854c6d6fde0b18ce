package config

import (
	"cmp"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// Policy is the site's policy for the rules of releases.
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
	p.Share = s.share()
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

func span(d time.Duration) *Duration {
	s := Duration(d)
	return &s
}

// checkSpans checks the spans of time of a site, each by itself, and that quiet is not
// longer than max_wait.
func checkSpans(k *checker, key string, s Site) {
	checkNotNegative(k, key+".quiet", s.Quiet)
	checkNotNegative(k, key+".max_wait", s.MaxWait)
	filled := s.withDefaults()
	if k.Has(key+".quiet") || k.Has(key+".max_wait") {
		if quiet, most := filled.Quiet.Std(), filled.MaxWait.Std(); quiet >= 0 && most >= 0 && quiet > most {
			at := key + ".quiet"
			if !k.Has(at) {
				at = key + ".max_wait"
			}
			k.wrong(at, "the quiet time (%s) is longer than max_wait (%s), which ends every wait; expected quiet to be the shorter", quiet, most)
		}
	}
	for i, delay := range s.Retry {
		checkPositive(k, fmt.Sprintf("%s.retry[%d]", key, i), &delay)
	}
	for name, span := range map[string]*Duration{
		"deadlines.dispatch": s.Deadlines.Dispatch, "deadlines.dispatched": s.Deadlines.Dispatched,
		"deadlines.starting": s.Deadlines.Starting, "deadlines.in_progress": s.Deadlines.InProgress,
		"deadlines.complete": s.Deadlines.Complete, "deadlines.silence": s.Deadlines.Silence,
		"deadlines.no_knowledge": s.Deadlines.NoKnowledge,
		"wait_ready.interval":    s.WaitReady.Interval, "wait_ready.limit": s.WaitReady.Limit,
		"install.timeout": s.Install.Timeout, "build.timeout": s.Build.Timeout, "build.export_timeout": s.Build.ExportTimeout, "limit": s.Limit,
	} {
		checkPositive(k, key+"."+name, span)
	}
	if known, silent := filled.Deadlines.NoKnowledge.Std(), filled.Deadlines.Silence.Std(); k.Has(key+".deadlines") && known > 0 && silent > 0 && known < silent {
		k.wrong(key+".deadlines.no_knowledge", "a release would be given up (%s) before its silence is noticed (%s); expected no_knowledge to be the longer", known, silent)
	}
}

// longest bounds a span: a longer one has a wrong unit.
const longest = 366 * 24 * time.Hour

func checkPositive(k *checker, key string, span *Duration) {
	if span != nil && k.Has(key) && span.Std() == 0 {
		k.wrong(key, "is 0; expected a span longer than that, such as 10s")
		return
	}
	checkNotNegative(k, key, span)
}

func checkNotNegative(k *checker, key string, span *Duration) {
	switch {
	case span == nil:
	case span.Std() < 0:
		k.wrong(key, "%s is less than nothing; expected a positive span", span)
	case span.Std() > longest:
		k.wrong(key, "%s is more than a year; expected less", span)
	}
}
