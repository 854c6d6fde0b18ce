package release

import (
	"errors"
	"testing"
	"time"
)

func TestARunBeginsWhenItIsTheSitesTurn(t *testing.T) {
	const stranger = "a run that nobody dispatched"
	admitted := func(d *driver, run string, want Code) {
		t.Helper()
		err := d.site.Admit(run, d.now)
		conflict, _ := errors.AsType[*Conflict](err)
		if want == "" && err != nil || want != "" && (conflict == nil || conflict.Code != want) {
			t.Errorf("in %s run %q is answered %v, expected %q", d.site.State, run, err, want)
		}
	}
	d := newDriver(t)
	admitted(d, stranger, "")
	d.do(PauseSite{Act: by("moving")})
	admitted(d, stranger, CodePaused)
	d.do(ResumeSite{Act: by("moved")})
	d.request(FromEditor)
	admitted(d, stranger, "")
	d.send()
	admitted(d, stranger, CodeNotYourTurn)
	run := d.confirm()
	admitted(d, stranger, CodeNotYourTurn)
	admitted(d, run.ID, "")
	d.do(FreezeSite{Window: Window{ID: "x", From: d.now, To: d.now.Add(time.Hour), Why: "election"}})
	admitted(d, run.ID, CodeFrozen)
	d.wait(time.Hour)
	admitted(d, run.ID, "")
	d.do(d.claim())
	d.do(PauseSite{Act: by("moving")})
	admitted(d, run.ID, "") // a further job of a run that has begun
	admitted(d, stranger, CodeNotYourTurn)
}
