package release

import (
	"testing"
	"time"
)

// stoppedBy brings a site to where it is held because guards stopped its release.
func stoppedBy(t *testing.T, names ...string) *driver {
	t.Helper()
	d := newDriver(t)
	d.site.Policy.RetryDelays = nil
	d.request(FromContent)
	d.stop(names...)
	if !d.site.Hold.On() || d.site.Allowable() != GuardsOf(names...) {
		t.Fatalf("held %t, %q may be let pass", d.site.Hold.On(), d.site.Allowable())
	}
	return d
}

// stop takes the release on its way to guards that stop it.
func (d *driver) stop(names ...string) {
	d.t.Helper()
	d.to(InProgress)
	f := d.failure("the release was stopped")
	f.Guards = GuardsOf(names...)
	d.do(f)
}

func letPassNow(names ...string) LetPass {
	return LetPass{Act: by("the shop follows"), Guards: GuardsOf(names...)}
}

func TestGuardsAreLetPassInOneReleaseAlone(t *testing.T) {
	d := stoppedBy(t, "broken-links")
	number := d.site.Current.Number
	d.do(letPassNow("broken-links"))
	if r := d.effects[0].(Record); r.Kind != KindLetPass || r.By != "olga" || r.Why != "let pass once: broken-links: the shop follows" || r.Release != number {
		t.Errorf("the trail says %+v", r)
	}
	d.send()
	want := Allowance{Act: Act{By: "olga", Why: "the shop follows", At: d.site.Current.Allowed.At}, Guards: "broken-links"}
	if got := d.site.Current; got.Number != number || got.Allowed != want || want.At.IsZero() || d.site.Hold.On() {
		t.Fatalf("the release is #%d with %+v", got.Number, got.Allowed)
	}
	d.do(DispatchUnknown{Token: d.site.Current.Dispatch.Token, Why: "no answer"})
	d.do(DispatchMissing{Token: d.site.Current.Dispatch.Token, Sent: d.site.Current.Dispatch.Sent}) // lost, and sent again
	d.to(Ready)
	if d.site.Live.Number != number || d.site.Live.Allowed != want {
		t.Errorf("#%d is live with %+v", d.site.Live.Number, d.site.Live.Allowed)
	}
	d.request(FromContent)
	d.stop("broken-links")
	if !d.site.Hold.On() || d.site.Last.Allowed != (Allowance{}) || d.site.Current.Allowed != (Allowance{}) {
		t.Errorf("the next has %+v, the one after it %+v; held %t", d.site.Last.Allowed, d.site.Current.Allowed, d.site.Hold.On())
	}
}

func TestNoOtherReleaseTakesAnAllowanceOver(t *testing.T) {
	for name, end := range map[string]func(d *driver){
		"it fails":      func(d *driver) { d.to(InProgress); d.do(d.failure("the disk is full")) },
		"is cancelled":  func(d *driver) { d.do(CancelRelease{Act: by("no")}) },
		"is reset":      func(d *driver) { d.send(); d.do(ResetSite{Act: by("stuck")}) },
		"cannot go":     func(d *driver) { d.send(); d.do(DispatchRefused{Token: d.site.Current.Dispatch.Token, Why: "no"}) },
		"gets stopped":  func(d *driver) { d.stop("vanished-pages") },
		"is superseded": func(d *driver) { d.do(RollBack{Act: by("back"), To: 1}) },
	} {
		t.Run(name, func(t *testing.T) {
			d := released(t, 2)
			d.site.Policy.RetryDelays = nil
			d.request(FromContent)
			d.stop("broken-links")
			d.do(letPassNow("broken-links"))
			number := d.site.Current.Number
			end(d)
			if d.site.Current.Number <= number || d.site.Current.Allowed != (Allowance{}) || d.site.Last.Allowed.Guards != "broken-links" {
				t.Errorf("#%d has %+v", d.site.Current.Number, d.site.Current.Allowed)
			}
		})
	}
}

func TestAnAllowanceWaitsForTheEndOfAPause(t *testing.T) {
	d := stoppedBy(t, "broken-links")
	d.do(PauseSite{Act: by("moving")})
	d.do(letPassNow("broken-links"))
	sent := d.sends()
	d.pass(time.Hour)
	if d.sends() != sent {
		t.Fatal("it was dispatched in a pause")
	}
	d.do(ResumeSite{Act: by("moved")})
	d.send()
	if d.site.Current.Allowed.Guards != "broken-links" {
		t.Errorf("it goes with %+v", d.site.Current.Allowed)
	}
}

// Both guards must pass at once: who let one pass first learns of the other, and may
// then let both.
func TestGuardsThatComeToLightOneAfterTheOther(t *testing.T) {
	d := stoppedBy(t, "broken-links", "vanished-pages")
	d.do(letPassNow("broken-links"))
	d.stop("vanished-pages")
	d.do(letPassNow("broken-links", "vanished-pages"))
	d.to(Ready)
	if d.site.Live.Allowed.Guards != "broken-links,vanished-pages" {
		t.Errorf("live with %+v", d.site.Live.Allowed)
	}
}

func TestWhatCannotBeLetPass(t *testing.T) {
	newDriver(t).refused(letPassNow("broken-links"), CodeNothingToDo)
	d := stoppedBy(t, "broken-links")
	d.refused(letPassNow(), CodeBadEvent)
	d.refused(letPassNow("empty-output"), CodeNothingToDo)
	d.refused(letPassNow("broken-links", "empty-output"), CodeNothingToDo)
	old := letPassNow("broken-links")
	old.Release = d.site.Current.Number - 1
	d.refused(old, CodeReleaseOver)
	d.do(letPassNow("broken-links"))
	d.send()
	d.refused(letPassNow("broken-links"), CodeNothingToDo) // it is on its way
	d.to(InProgress)
	d.do(d.failure("the build broke"))
	d.refused(letPassNow("broken-links"), CodeNothingToDo) // no guard did that
	// What a guard says of a rollback speaks of no build.
	d = released(t, 2)
	d.do(RollBack{Act: by("wrong"), To: 1})
	d.send()
	d.request(FromContent)
	d.stop("foreign-files")
	d.refused(letPassNow("foreign-files"), CodeNothingToDo)
}

func TestGuardsAreSortedAndNamedOnce(t *testing.T) {
	if g := GuardsOf("b", "", "a", "b", "c,d"); g != "a,b" || g.String() != "a, b" || len(g.Names()) != 2 || Guards("").Names() != nil {
		t.Errorf("got %q", g)
	}
}
