package release

import (
	"slices"
	"testing"
	"time"
)

// fingerprinted is a site with a fingerprint, whose release #1 is live with "one".
func fingerprinted(t *testing.T) *driver {
	t.Helper()
	d := newDriver(t)
	d.site.Policy.Fingerprint = true
	d.request(FromEditor)
	d.send()
	if count[ReadFingerprint](d.log) != 1 {
		t.Fatal("the fingerprint of the first release is not read beside its dispatch")
	}
	d.read("one")
	d.to(Ready)
	if d.site.Live.Fingerprint.Value != "one" {
		t.Fatalf("kept with the live release: %+v", d.site.Live.Fingerprint)
	}
	return d
}

func (d *driver) read(value string) {
	d.t.Helper()
	d.do(FingerprintRead{Release: d.site.Current.Number, Value: value, Why: "503"})
}

// slot lets a schedule ask, and time pass until the fingerprint is to be read.
func (d *driver) slot() {
	d.t.Helper()
	d.request(FromSchedule)
	d.now = d.site.NextTick(d.now)
	d.tick()
}

func TestARequestOfAScheduleIsServedWithoutARunIfNothingHasChanged(t *testing.T) {
	d := fingerprinted(t)
	live, sends := d.site.Live, d.sends()
	for range 2 {
		begun := d.now
		d.slot()
		if d.sends() != sends || d.site.NextTick(d.now) != d.now.Add(fingerprintLimit) {
			t.Fatalf("it does not wait for the fingerprint: %+v", d.site.Current)
		}
		d.wait(time.Second)
		d.read("one")
		last := d.site.Last
		if d.site.State != Ready || last.Outcome != Unchanged || last.SameAs != 1 || d.sends() != sends || d.site.Live != live {
			t.Fatalf("after the answer: %s, %+v", d.site.State, last)
		}
		if d.site.StatusAt(d.site.Accepted) != Live || d.site.AsOf() != begun.Add(d.site.Policy.Quiet) {
			t.Errorf("the request is %s, content is known as of %s", d.site.StatusAt(d.site.Accepted), d.site.AsOf())
		}
		d.wait(time.Hour)
	}
}

func TestWhatMayHaveChangedIsBuilt(t *testing.T) {
	slot := func(d *driver) { d.slot() }
	for name, c := range map[string]struct {
		play func(*driver)
		read string // "" for one that can't be read
		says bool   // that the fingerprint is not known
	}{
		"other content":                 {play: slot, read: "two"},
		"an unreadable one":             {play: slot, says: true},
		"an editor asked too":           {play: func(d *driver) { d.request(FromEditor); d.slot() }, read: "one"},
		"the CMS asked too":             {play: func(d *driver) { d.request(FromContent); d.slot() }, read: "one"},
		"code changed":                  {play: func(d *driver) { d.request(FromWorkflow); d.slot() }, read: "one"},
		"an operator asks later":        {play: func(d *driver) { d.slot(); d.request(FromOperator) }, read: "one"},
		"a slot came while it was read": {play: func(d *driver) { d.slot(); d.request(FromSchedule) }, read: "one"},
		"after a failed release": {play: func(d *driver) {
			d.to(Starting).do(d.failure("no"))
			d.now = d.site.NextTick(d.now)
			d.tick()
		}, read: "one"},
		"after a rollback": {play: func(d *driver) {
			d.to(Ready)
			d.do(RollBack{Act: by("wrong"), To: 1})
			d.to(Ready)
			d.do(ResetSite{Act: by("mended")})
			d.slot()
		}, read: "one"},
		"the address shows something else": {play: func(d *driver) {
			d.wait(time.Hour)
			d.do(MarkerSeen{Marker: Marker{Release: 1, Sequence: 1}, At: d.now})
			d.do(MarkerSeen{Marker: Marker{Missing: "nothing"}, At: d.now})
			d.slot()
		}, read: "one"},
	} {
		t.Run(name, func(t *testing.T) {
			d := fingerprinted(t)
			c.play(d)
			number := d.site.Current.Number
			d.read(c.read)
			if d.site.Current.Dispatch.Token == "" {
				d.send()
			}
			if d.site.Current.Number != number || d.site.Last.Outcome == Unchanged {
				t.Errorf("not built: %+v", d.site.Last)
			}
			says := slices.ContainsFunc(d.log, func(e Effect) bool { r, ok := e.(Record); return ok && r.Kind == KindUnread })
			if says != c.says {
				t.Errorf("it says that the fingerprint is not known: %v, want %v", says, c.says)
			}
		})
	}
}

func TestAFingerprintThatDoesNotComeHoldsAReleaseUpForAMinute(t *testing.T) {
	d := fingerprinted(t)
	d.slot()
	asked := d.now
	d.wait(50 * time.Second)
	d.do(Restarted{}) // the app was away: that time does not count
	d.send()
	if got := d.now.Sub(asked); got != 50*time.Second+fingerprintLimit {
		t.Errorf("dispatched after %s", got)
	}
	d.unchanged(FingerprintRead{Release: d.site.Current.Number, Value: "one"})
	d.to(Ready)
	d.refused(FingerprintRead{Release: d.site.Last.Number, Value: "one"}, CodeReleaseOver)
}

// A fingerprint that is read after the watermark may be of later content than what the
// run reads.
func TestAFingerprintAfterTheWatermarkIsNotKept(t *testing.T) {
	d := newDriver(t)
	d.site.Policy.Fingerprint = true
	d.to(InProgress)
	d.unchanged(FingerprintRead{Release: d.site.Current.Number, Value: "later"})
	d.to(Ready)
	d.slot()
	if d.site.Current.Dispatch.Token == "" {
		t.Error("a release waits for a fingerprint that nothing is held against")
	}
}

// An address that answers for ever with the same error page has the site built once a day.
func TestContentThatIsTooOldIsBuiltWhateverTheFingerprintSays(t *testing.T) {
	for _, most := range []time.Duration{0, time.Hour, 24 * time.Hour} {
		d := fingerprinted(t)
		d.site.Policy.MaxUnchanged = most
		built := d.site.Live.Watermark
		for range 40 {
			d.slot()
			if old := most > 0 && d.now.Sub(built) >= most; old {
				if d.site.Current.Dispatch.Token == "" {
					t.Fatalf("at most %s: not dispatched at once when %s old", most, d.now.Sub(built))
				}
				d.read("one")
				d.to(Ready)
				built = d.site.Live.Watermark
			} else if d.read("one"); d.site.Last.Outcome != Unchanged {
				t.Fatalf("at most %s: built when %s old", most, d.now.Sub(built))
			}
			d.wait(50 * time.Minute)
		}
		if again := d.site.Live.Number > 1; again != (most > 0) {
			t.Errorf("at most %s: built again: %v", most, again)
		}
	}
}
