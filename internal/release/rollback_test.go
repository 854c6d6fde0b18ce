package release

import (
	"strings"
	"testing"
	"time"
)

// released is a site with so many releases that are live after each other.
func released(t *testing.T, n int) *driver {
	t.Helper()
	d := newDriver(t)
	for range n {
		d.request(FromContent)
		d.to(Ready)
	}
	return d
}

func TestARollbackIsAReleaseOfItsOwn(t *testing.T) {
	d := released(t, 3)
	d.do(RollBack{Act: by("the prices are wrong"), To: 2})
	if r := d.site.Current; r.Number != 4 || r.RollbackTo != 2 || r.Ordered.By != "olga" || r.Ordered.Why != "the prices are wrong" || r.Requests.Count != 0 {
		t.Fatalf("the rollback is %+v", r)
	}
	d.send()
	if waited := d.site.Current.Dispatch.Intended.Sub(d.site.Current.Times.Requested); waited != 0 {
		t.Errorf("it waited %s", waited)
	}
	d.request(FromContent) // must wait for the release after it
	d.to(Complete)
	if d.site.StatusAt(4) != Waiting || d.site.Shows() != 2 || d.site.Showing(3) || !d.site.Showing(2) {
		t.Errorf("the request is %s; the site shows #%d", d.site.StatusAt(4), d.site.Shows())
	}
	d.report(Ready)
	d.mustBe(Requested)
	if want := "rolled back to #2 by olga: the prices are wrong"; d.site.Hold.Why != want || d.site.Live.Number != 4 {
		t.Errorf("held: %q, want %q; #%d is live", d.site.Hold.Why, want, d.site.Live.Number)
	}
	sent := d.sends()
	d.request(FromContent)
	d.request(FromSchedule)
	d.request(FromWorkflow)
	d.pass(48 * time.Hour)
	d.refused(Claim{Run: d.newRun()}, CodePaused) // a workflow's own schedule
	if d.sends() != sent {
		t.Fatal("what was rolled back came again by itself")
	}
	d.request(FromEditor)
	d.to(Ready)
	if d.site.Shows() != 5 || d.site.Hold.On() || d.site.Served != d.site.Accepted {
		t.Errorf("the site shows #%d, held %t", d.site.Shows(), d.site.Hold.On())
	}
}

func TestWhatARollbackTakesThePlaceOf(t *testing.T) {
	for name, stop := range map[string]func(d *driver){
		"nothing":   func(*driver) {},
		"a request": func(d *driver) { d.request(FromContent) },
		"a pause":   func(d *driver) { d.do(PauseSite{Act: by("moving")}) },
		"a hold":    func(d *driver) { d.request(FromContent); d.site.Hold = Hold{Since: d.now, Lifted: LiftedByPerson} },
		"a freeze": func(d *driver) {
			d.do(FreezeSite{Act: by("x"), Window: Window{ID: "f", From: d.now, To: d.now.Add(time.Hour)}})
		},
		"another hold": func(d *driver) { d.do(RollBack{Act: by("x"), To: 1}); d.to(Ready) },
	} {
		t.Run(name, func(t *testing.T) {
			d := released(t, 3)
			stop(d)
			waiting := d.site.Accepted - d.site.Served
			d.do(RollBack{Act: by("wrong"), To: 2})
			d.send()
			d.to(Complete)
			d.report(Ready)
			if d.site.Shows() != 2 || !d.site.Hold.On() || d.site.Current.Requests.Count != waiting {
				t.Errorf("it shows #%d, held %t; %d wait, want %d", d.site.Shows(), d.site.Hold.On(), d.site.Current.Requests.Count, waiting)
			}
		})
	}
}

func TestARollbackThatFailsIsNotTriedAgain(t *testing.T) {
	for name, end := range map[string]func(d *driver){
		"fails": func(d *driver) { d.do(d.failure("release 2 is no longer kept")) },
		"is cancelled": func(d *driver) {
			d.do(CancelRelease{Act: by("no")})
			d.do(RunEnded{Run: d.run(), Conclusion: RunCancelled})
		},
		"gets lost": func(d *driver) { d.do(RunEnded{Run: d.run(), Conclusion: RunDied}) },
	} {
		t.Run(name, func(t *testing.T) {
			d := released(t, 3)
			d.do(RollBack{Act: by("wrong"), To: 2})
			d.send()
			d.request(FromContent)
			d.to(InProgress)
			end(d)
			d.mustBe(Requested)
			if !d.site.Hold.On() || !strings.HasPrefix(d.site.Hold.Why, "the rollback to #2 ") || d.site.Shows() != 3 || d.site.Current.Retry != 0 {
				t.Errorf("held: %q; the site shows #%d", d.site.Hold.Why, d.site.Shows())
			}
			before := d.sends()
			d.pass(time.Hour)
			if d.sends() != before {
				t.Error("it was tried again, or what waits went out")
			}
		})
	}
}

func TestRollbacksThatAreRefused(t *testing.T) {
	d := released(t, 2)
	d.refused(RollBack{Act: by("x"), To: 0}, CodeNoRelease)
	d.refused(RollBack{Act: by("x"), To: 3}, CodeNoRelease)
	d.refused(RollBack{Act: by("x"), To: 2}, CodeAlreadyLive)
	d.request(FromEditor)
	for _, state := range []State{Dispatched, Starting, InProgress, Complete} {
		d.to(state)
		d.refused(RollBack{Act: by("x"), To: 1}, CodeNotYourTurn)
	}
	d.report(Ready)
	d.do(RollBack{Act: by("x"), To: 1})
	d.refused(RollBack{Act: by("x"), To: 2}, CodeNotYourTurn)
	d.refused(Claim{Run: d.newRun()}, CodeNotYourTurn)
}

func TestWhatThePublicAddressShowsIsKept(t *testing.T) {
	look := func(d *driver, m Marker) []Effect {
		t.Helper()
		d.wait(time.Minute)
		return d.do(MarkerSeen{Marker: m, At: d.now})
	}
	record := func(effects []Effect) string {
		if len(effects) == 0 {
			return ""
		}
		return effects[0].(Record).Kind
	}
	for name, c := range map[string]struct {
		marker  Marker
		differs bool
		shows   int64
	}{
		"what was released":          {Marker{Release: 3}, false, 3},
		"an earlier one":             {Marker{Release: 2}, true, 2},
		"one of another numbering":   {Marker{Release: 4711}, true, 0},
		"a deploy by hand":           {Marker{Release: 3, Sequence: 9}, true, 3},
		"nothing":                    {Marker{Missing: "it answers 404"}, true, 0},
		"a deploy without a release": {Marker{}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := released(t, 3)
			look(d, Marker{Release: 3})
			seen := look(d, c.marker)
			if d.site.Differs() != c.differs || d.site.Shows() != c.shows || (record(seen) == KindDiffers) != c.differs {
				t.Fatalf("differs %t, shows #%d, told %q", d.site.Differs(), d.site.Shows(), record(seen))
			}
			since := d.site.Public.Since
			if again := look(d, c.marker); len(again) != 0 || !d.site.Public.Since.Equal(since) {
				t.Errorf("told again: %+v", again)
			}
			back := look(d, Marker{Release: 3})
			if d.site.Differs() || (record(back) == KindAgrees) != c.differs {
				t.Errorf("afterwards it differs %t, told %q", d.site.Differs(), record(back))
			}
		})
	}
	t.Run("never one to read", func(t *testing.T) {
		d := released(t, 1)
		look(d, Marker{Missing: "it answers 404"})
		if d.site.Differs() {
			t.Error("the address never had a marker, and that is told as a change")
		}
	})
	t.Run("a look that began before", func(t *testing.T) {
		d := released(t, 1)
		d.request(FromEditor)
		d.to(InProgress)
		began := d.now
		d.wait(time.Second)
		d.to(Complete)
		d.do(MarkerSeen{Marker: Marker{Release: 1}, At: began})
		if d.site.Differs() {
			t.Error("what was read before the release is told of it")
		}
	})
	t.Run("the release on its way", func(t *testing.T) {
		d := released(t, 1)
		d.request(FromEditor)
		d.to(InProgress)
		look(d, Marker{Release: 2})
		if d.site.Differs() {
			t.Error("the run's own marker is told as a change")
		}
	})
	t.Run("put back by hand, then by the app", func(t *testing.T) {
		d := released(t, 3)
		look(d, Marker{Release: 1})
		d.do(RollBack{Act: by("for good"), To: 2})
		d.send()
		d.to(Ready)
		if d.site.Differs() || d.site.Shows() != 2 {
			t.Errorf("after the rollback it differs %t and shows #%d", d.site.Differs(), d.site.Shows())
		}
		if seen := look(d, Marker{Release: 2}); d.site.Differs() || len(seen) != 0 {
			t.Errorf("the rollback's own marker differs: %+v", seen)
		}
	})
}
