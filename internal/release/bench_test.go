package release

import (
	"testing"
	"time"
)

// BenchmarkRequestAccepted is the step that is taken for every request.
func BenchmarkRequestAccepted(b *testing.B) {
	for _, state := range []State{Requested, InProgress} {
		b.Run(string(state), func(b *testing.B) {
			d := newDriver(b).to(state)
			event := Event(RequestAccepted{Source: FromContent})
			b.ReportAllocs()
			for b.Loop() {
				site, _, err := Step(d.site, event, d.now)
				if err != nil {
					b.Fatal(err)
				}
				d.site = site
			}
		})
	}
}

// BenchmarkNextTick is asked after every step, to set one timer.
func BenchmarkNextTick(b *testing.B) {
	d := newDriver(b).to(Requested)
	d.do(FreezeSite{Window: Window{ID: "x", From: d.now, To: d.now.Add(time.Hour)}})
	b.ReportAllocs()
	for b.Loop() {
		if d.site.NextTick(d.now).IsZero() {
			b.Fatal("no next tick")
		}
	}
}
