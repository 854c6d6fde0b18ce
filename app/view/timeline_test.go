package view

import (
	"testing"
	"time"
)

func TestBarsStayWithinTheirLine(t *testing.T) {
	start := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	end := start.Add(100 * time.Second)
	for _, c := range []struct {
		from, to time.Time
		want     Bar
	}{
		{start, end, Bar{0, 100}},
		{start.Add(25 * time.Second), start.Add(75 * time.Second), Bar{25, 50}},
		{end, end, Bar{99.5, 0.5}},
		{start.Add(-time.Hour), end.Add(time.Hour), Bar{0, 100}},
	} {
		if got := BarOf(start, end, c.from, c.to); got != c.want {
			t.Errorf("BarOf(%s, %s) = %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if got := BarOf(start, start, start, start); got != (Bar{0, 100}) {
		t.Errorf("a line without length: %v", got)
	}
}
