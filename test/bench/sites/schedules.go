//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/httpload"
)

const (
	// ahead is how long before their slot the schedules are there at least: the app starts.
	ahead = 10 * time.Second
	// slotWithin is within how long of its time each is to have been dispatched.
	slotWithin = time.Minute
)

// schedules gives every site the same minute of each hour, and measures how long after that
// each had asked, and was dispatched.
func schedules(t testing.TB, o options) []figure {
	t.Helper()
	s, slot := beforeSlot(t, o)
	if err := pause(t.Context(), time.Until(slot)); err != nil {
		t.Fatal(err)
	}
	asked, dispatched := s.afterSlot(t, o, slot)
	s.allWell(t)
	asks, sent := httpload.Summarize(asked, time.Second), httpload.Summarize(dispatched, time.Second)
	return []figure{
		{name: "scheduled", value: float64(len(asked)), least: float64(o.sites)},
		{name: "scheduled_asked_seconds", value: asks.Max / 1000, digits: 2, below: slotWithin.Seconds()},
		{name: "scheduled_dispatched", value: float64(len(dispatched)), least: float64(o.sites)},
		{name: "scheduled_dispatched_p50_seconds", value: sent.P50 / 1000, digits: 2},
		{name: "scheduled_dispatched_seconds", value: sent.Max / 1000, digits: 2, below: slotWithin.Seconds()},
	}
}

// beforeSlot starts an app with schedules whose slot has not come yet. On a busy machine the
// app may start later than that: then it is tried again with more time.
func beforeSlot(t testing.TB, o options) (*stage, time.Time) {
	t.Helper()
	for lead := ahead; lead < startLimit; lead *= 2 {
		slot := time.Now().Add(lead).Truncate(time.Minute).Add(time.Minute).UTC()
		schedule := map[string]any{"name": "hourly", "cron": fmt.Sprintf("%d * * * *", slot.Minute())}
		if o.once {
			slot = time.Now().Add(lead / 3).Truncate(time.Second).UTC()
			schedule = map[string]any{"name": "once", "at": slot.Format(time.RFC3339)}
		}
		s := newStage(t, o, map[string]any{"schedules": []any{schedule}})
		if time.Now().Before(slot) {
			return s, slot
		}
		s.app.end(t)
	}
	t.Fatal("the app takes so long to start that its schedules' slot passes")
	return nil, time.Time{}
}

// afterSlot tells how long after the slot each site had asked and was dispatched, by the
// times in the audit trail. It waits for all, or for twice as long as they may take.
func (s *stage) afterSlot(t testing.TB, o options, slot time.Time) (asked, dispatched []time.Duration) {
	t.Helper()
	for {
		asked, dispatched = nil, nil
		for _, e := range s.events(t) {
			switch {
			case e.Kind == ledger.KindAccepted && strings.HasPrefix(e.By, "schedule "):
				asked = append(asked, e.At.Sub(slot))
			case e.Kind == release.KindDispatched:
				dispatched = append(dispatched, e.At.Sub(slot))
			}
		}
		if len(dispatched) >= o.sites || time.Since(slot) > 2*slotWithin {
			break
		}
		if err := pause(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if len(asked) == 0 || len(dispatched) == 0 {
		t.Fatalf("%d schedules asked, and %d releases were dispatched", len(asked), len(dispatched))
	}
	return asked, dispatched
}
