package release

import (
	"testing"
	"time"
)

// read has the run tell what it has read.
func (d *driver) readContent(digest string) {
	d.t.Helper()
	d.do(d.content(digest))
}

func (d *driver) content(digest string) ContentRead {
	return ContentRead{Release: d.site.Current.Number, Run: d.run(), Sequence: d.site.Current.Sequence + 1, Digest: digest, Consistency: Quiet}
}

// made is a site whose release #1 is live, made of "one".
func made(t *testing.T) *driver {
	t.Helper()
	d := newDriver(t)
	d.to(InProgress).readContent("one")
	d.to(Ready)
	if c := d.site.Live.Reading; c.Digest != "one" || c.Consistency != Quiet || c.Reported.IsZero() {
		t.Fatalf("kept with the live release: %+v", c)
	}
	return d
}

// next brings the next release to where it reads content.
func (d *driver) asked(by Source) *driver {
	d.t.Helper()
	d.request(by)
	return d.to(InProgress)
}

func TestAReleaseThatWouldMakeWhatIsLiveHasNothingToDo(t *testing.T) {
	d := made(t)
	for _, source := range []Source{FromContent, FromSchedule, FromEditor, FromWorkflow} {
		d.asked(source)
		told := d.content("one")
		d.do(told)
		last := d.site.Last
		if d.site.State != Ready || last.Outcome != Unchanged || last.SameAs != 1 || d.site.Served != d.site.Accepted || d.site.Live.Number != 1 {
			t.Fatalf("asked by %s: %s, %+v", source, d.site.State, last)
		}
		if !d.site.AsOf().Equal(last.Watermark) {
			t.Errorf("content is live as of %s, want %s", d.site.AsOf(), last.Watermark)
		}
		d.unchanged(told) // the answer was lost
	}
}

func TestWhatMayBeAnotherSiteIsMade(t *testing.T) {
	for name, begin := range map[string]func(*driver) string{
		"other content":           func(d *driver) string { d.asked(FromContent); return "two" },
		"it can't be said":        func(d *driver) string { d.asked(FromContent); return "" },
		"an operator asks":        func(d *driver) string { d.asked(FromOperator); return "one" },
		"an operator asks too":    func(d *driver) string { d.request(FromContent); d.asked(FromOperator); return "one" },
		"the last release failed": func(d *driver) string { d.failOnce(); d.to(InProgress); return "one" },
		"it was rolled back": func(d *driver) string {
			d.asked(FromContent).readContent("two")
			d.to(Ready).do(RollBack{Act: by("wrong"), To: 1})
			d.to(Ready)
			d.asked(FromEditor)
			return "two"
		},
		"somebody changed the destination": func(d *driver) string {
			d.do(MarkerSeen{Marker: Marker{Release: 1, Sequence: 1}, At: d.now})
			d.do(MarkerSeen{Marker: Marker{Release: 1, Sequence: 2}, At: d.now})
			d.asked(FromContent)
			return "one"
		},
		"what is live is too old": func(d *driver) string {
			d.site.Policy.MaxUnchanged = time.Hour
			d.pass(time.Hour)
			d.asked(FromContent)
			return "one"
		},
		"it is being cancelled": func(d *driver) string {
			d.asked(FromContent).do(CancelRelease{Act: by("stop")})
			return "one"
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := made(t)
			digest := begin(d)
			d.readContent(digest)
			if d.mustBe(InProgress); d.site.Current.Reading.Digest != digest {
				t.Errorf("kept: %+v", d.site.Current.Reading)
			}
		})
	}
}

// What the source's clock says is the watermark, unless that clock can't be believed.
func TestTheWatermarkIsTheSources(t *testing.T) {
	for ahead, believed := range map[time.Duration]bool{-3 * time.Minute: true, 5 * time.Second: true, -48 * time.Hour: false, 48 * time.Hour: false} {
		d := newDriver(t)
		d.to(InProgress)
		ours, told := d.site.Current.Watermark, d.content("one")
		told.Watermark = d.now.Add(ahead)
		d.do(told)
		want := ours
		if believed {
			want = told.Watermark
		}
		if got := d.site.Current.Watermark; !got.Equal(want) {
			t.Errorf("a clock %s ahead: the watermark is %s, want %s", ahead, got, want)
		}
	}
}

func TestOnlyTheRunThatReadsTellsWhatItRead(t *testing.T) {
	d := newDriver(t)
	d.to(Starting)
	d.refused(d.content("one"), CodeInvalidTransition)
	d.to(InProgress)
	other := d.content("one")
	other.Run = Run{ID: "other", Attempt: 1}
	d.refused(other, CodeOtherRun)
	for _, bad := range []func(*ContentRead){
		func(e *ContentRead) { e.Consistency = "perhaps" },
		func(e *ContentRead) { e.Sequence = 0 },
		func(e *ContentRead) { e.Digest = string(make([]byte, longestDigest+1)) },
	} {
		e := d.content("one")
		bad(&e)
		d.refused(e, CodeBadEvent)
	}
	d.to(Complete)
	d.refused(d.content("one"), CodeInvalidTransition)
}
