package release

import (
	"testing"
	"time"
)

func window(id string, from, to time.Duration) Window {
	return Window{ID: id, From: monday.Add(from), To: monday.Add(to), Why: "freeze " + id}
}

func TestFreezeWindowsHoldADispatchBack(t *testing.T) {
	const h = time.Hour
	tests := map[string]struct {
		policy, operator []Window
		// until is when the dispatch of a request made now is due.
		until time.Duration
		why   string
	}{
		"none":                   {until: 10 * time.Second},
		"of the configuration":   {policy: []Window{window("p", -h, 2*h)}, until: 2 * h, why: "freeze p"},
		"of an operator":         {operator: []Window{window("o", 0, 3*h)}, until: 3 * h, why: "freeze o"},
		"both, overlapping":      {policy: []Window{window("p", -h, 2*h)}, operator: []Window{window("o", h, 3*h)}, until: 3 * h, why: "freeze o"},
		"back to back":           {policy: []Window{window("b", h, 2*h), window("a", -h, h)}, until: 2 * h, why: "freeze b"},
		"one within another":     {policy: []Window{window("in", 0, h), window("out", -h, 4*h)}, until: 4 * h, why: "freeze out"},
		"a gap between":          {policy: []Window{window("a", -h, h), window("b", 2*h, 3*h)}, until: h, why: "freeze a"},
		"over":                   {policy: []Window{window("p", -2*h, 0)}, until: 10 * time.Second},
		"ahead":                  {policy: []Window{window("p", h, 2*h)}, until: 10 * time.Second},
		"begins while it groups": {policy: []Window{window("p", 5*time.Second, h)}, until: h, why: "freeze p"},
		"upside down":            {policy: []Window{window("p", h, -h)}, until: 10 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t)
			d.site.Policy.Freezes = tt.policy
			for _, w := range tt.operator {
				d.do(FreezeSite{Act: by(w.Why), Window: w})
			}
			d.request(FromOperator)
			due := d.site.DispatchDue(d.now)
			if !due.At.Equal(monday.Add(tt.until)) || due.Detail != tt.why || (due.Why == DueFreeze) != (tt.why != "") {
				t.Fatalf("due %+v, want %s because of %q", due, tt.until, tt.why)
			}
			d.pass(tt.until - 1)
			if d.sends() != 0 {
				t.Fatal("sent while frozen")
			}
			d.pass(1)
			if d.sends() != 1 {
				t.Errorf("not sent after the freeze: %+v", d.site.DispatchDue(d.now))
			}
		})
	}
}

func TestAFreezeHoldsPersonsAndRetriesBackToo(t *testing.T) {
	d := newDriver(t)
	d.failOnce()
	d.do(FreezeSite{Act: by("election"), Window: window("x", 0, 5*time.Hour)})
	d.request(FromEditor)
	d.do(RetryNow{Act: by("please")})
	d.pass(4 * time.Hour)
	if d.sends() != 1 {
		t.Error("sent while frozen")
	}
}

func TestAPauseThatEndsWithinAFreeze(t *testing.T) {
	d := newDriver(t)
	d.request(FromEditor)
	d.do(FreezeSite{Act: by("x"), Window: window("x", time.Hour, 3*time.Hour)})
	d.do(PauseSite{Act: by("y"), Until: monday.Add(2 * time.Hour)})
	if due := d.site.DispatchDue(d.now); !due.At.Equal(monday.Add(3*time.Hour)) || due.Why != DueFreeze {
		t.Errorf("%+v", due)
	}
	d.pass(3*time.Hour - 1)
	if d.sends() != 0 {
		t.Error("sent too early")
	}
}

func TestThawEndsAFreeze(t *testing.T) {
	d := newDriver(t)
	d.request(FromEditor)
	for _, id := range []string{"a", "b"} {
		d.do(FreezeSite{Act: by("election"), Window: window(id, 0, time.Hour)})
		d.unchanged(FreezeSite{Act: by("election"), Window: window(id, 0, time.Hour)})
	}
	d.do(ThawSite{Act: by("over"), ID: "a"})
	d.refused(ThawSite{Act: by("over"), ID: "a"}, CodeNoFreeze)
	d.pass(time.Minute)
	if d.sends() != 0 {
		t.Fatal("sent while frozen")
	}
	d.do(ThawSite{Act: by("over"), ID: "b"})
	if !d.recorded(KindThawed) {
		t.Error("not recorded")
	}
	if d.pass(0); d.sends() != 1 {
		t.Error("not sent")
	}
}

func TestAFreezeThatIsOverIsForgotten(t *testing.T) {
	d := newDriver(t)
	d.do(FreezeSite{Act: by("election"), Window: window("x", 0, time.Hour)})
	d.pass(time.Hour)
	if len(d.site.Freezes) != 0 {
		t.Errorf("%+v", d.site.Freezes)
	}
}

func TestAFreezeNeedsAnIDAndATimeAhead(t *testing.T) {
	d := newDriver(t)
	for name, w := range map[string]Window{
		"no id":       window("", 0, time.Hour),
		"no time":     window("x", time.Hour, time.Hour),
		"upside down": window("x", 2*time.Hour, time.Hour),
		"over":        window("x", -2*time.Hour, 0),
	} {
		t.Run(name, func(*testing.T) { d.refused(FreezeSite{Window: w}, CodeBadEvent) })
	}
}

func TestAFreezeLeavesARunningReleaseAlone(t *testing.T) {
	d := newDriver(t).to(Dispatched)
	d.do(FreezeSite{Act: by("x"), Window: window("x", 0, time.Hour)})
	d.to(Ready)
}
