package release

import (
	"testing"
	"time"
)

// A clock that is put back by a day must cost nobody a day.
func TestNothingWaitsForAClockThatWasPutBack(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		state  State
		change func(*driver)
		within time.Duration
		so     func(*driver) bool
	}{
		"a request goes out after the maximum wait": {Requested, nil, 61 * time.Second, func(d *driver) bool { return d.sends() == 1 }},
		"a failed release is tried again after its delay": {
			InProgress, func(d *driver) { d.do(d.failure("the build broke")) }, 61 * time.Second,
			func(d *driver) bool { return d.sends() == 2 },
		},
		"a dispatch that nobody confirms has failed at its deadline": {
			Requested, func(d *driver) { d.send() }, 11 * time.Minute,
			func(d *driver) bool { return d.site.Last.Outcome == Failed },
		},
		"a run that is silent is looked up":  {InProgress, nil, time.Minute, func(d *driver) bool { return count[LookUpRun](d.log) > 0 }},
		"a run that takes too long is late":  {Starting, nil, 21 * time.Minute, func(d *driver) bool { return !d.site.Current.Late.IsZero() }},
		"a run nobody knows of is given up":  {Dispatched, nil, 41 * time.Minute, func(d *driver) bool { return d.site.Last.Outcome == Stale }},
		"a site that is live becomes ready":  {Complete, nil, 11 * time.Minute, func(d *driver) bool { return d.site.State == Ready }},
		"a request waits for the next still": {InProgress, func(d *driver) { d.request(FromEditor) }, time.Minute, func(d *driver) bool { return d.site.Waiting.Count == 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t)
			if c.state == Requested {
				d.request(FromEditor)
			} else {
				d.to(c.state)
			}
			if c.change != nil {
				c.change(d)
			}
			d.now = d.now.Add(-day)
			settles(t, d.site, d.now)
			for end := d.now.Add(c.within); d.now.Before(end); {
				d.pass(min(10*time.Second, end.Sub(d.now)))
			}
			if !c.so(d) {
				t.Errorf("not after %s: %s, %+v", c.within, d.site.State, d.site.Current)
			}
			if told := records(d.log, KindClock); told != 1 {
				t.Errorf("the audit trail tells %d times that the clock was put back", told)
			}
			reload(t, d.site)
		})
	}
}

func records(effects []Effect, kind string) int {
	n := 0
	for _, e := range effects {
		if r, ok := e.(Record); ok && r.Kind == kind {
			n++
		}
	}
	return n
}

func TestWhatPeopleSetByTheClockStays(t *testing.T) {
	d := newDriver(t)
	d.request(FromEditor)
	until := d.now.Add(time.Hour)
	d.do(PauseSite{Act: by("moving house"), Until: until})
	d.do(FreezeSite{Act: by("election"), Window: Window{ID: "f", From: until, To: until.Add(time.Hour)}})
	d.do(RequestAccepted{Source: FromContent, NotBefore: until})
	d.now = d.now.Add(-24 * time.Hour)
	d.tick()
	if !d.site.Pause.Until.Equal(until) || !d.site.Freezes[0].From.Equal(until) || !d.site.Scheduled.Equal(until) {
		t.Errorf("they were moved: %+v", d.site)
	}
}

func TestAClockThatIsSetByAFewSecondsChangesNothing(t *testing.T) {
	d := newDriver(t)
	d.request(FromEditor)
	d.now = d.now.Add(-2 * time.Second)
	d.unchanged(Tick{Token: "t"})
}
