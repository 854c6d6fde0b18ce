package timetable_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/timetable"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// cms is a CMS that is told to publish what is due.
type cms struct {
	published int64
	err       error
	called    []timetable.Slot
	except    string // a schedule without a call
}

func (c *cms) Calls(_, schedule string) bool { return schedule != c.except }

func (c *cms) Publish(_ context.Context, slot timetable.Slot) (int64, error) {
	c.called = append(c.called, slot)
	return c.published, c.err
}

// answered looks until no slot waits for the CMS.
func (d *desk) answered(clock string) time.Time {
	d.t.Helper()
	next := d.look(clock)
	for d.table.Wait(); d.table.HasAnswer("www"); d.table.Wait() {
		next = d.look(clock)
	}
	return next
}

func (d *desk) skipped() (why []string) {
	d.t.Helper()
	events, err := d.ledger.Events(d.t.Context(), "www", 0, 1000)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, e := range events {
		if e.Kind == ledger.KindSkipped {
			why = append(why, e.By+": "+e.Why)
		}
	}
	return why
}

func TestWhatTheCMSPublishedDecidesWhetherASlotAsks(t *testing.T) {
	for name, c := range map[string]struct {
		cms    cms
		waits  bool
		asks   string // the end of the reason; "" for nothing
		source release.Source
		skips  string
		before int
	}{
		"something":                 {cms: cms{published: 3}, asks: "15:30 EST; the CMS published 3 pages", source: release.FromContent},
		"nothing":                   {skips: "schedule daily: Fri 27 Nov 2026, 15:30 EST: nothing to do: the CMS had nothing to publish"},
		"nothing, but others wait":  {waits: true, asks: "the CMS published nothing, but other requests wait", source: release.FromSchedule},
		"it does not answer":        {cms: cms{err: errors.New("no answer within 15s")}, asks: "is not known: no answer within 15s", source: release.FromContent},
		"nothing, but has no calls": {cms: cms{except: "daily"}, asks: "15:30 EST", source: release.FromSchedule},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, "2026-11-27T12:00:00Z", daily(t))
			d.publisher = &c.cms
			d.restart("2026-11-27T12:00:01Z")
			if c.waits {
				if _, err := d.ledger.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromEditor, Actor: "Ada"}); err != nil {
					t.Fatal(err)
				}
			}
			if next := d.answered("2026-11-27T20:30:00Z"); !next.Equal(at(t, "2026-11-28T20:30:00Z")) {
				t.Errorf("it looks again at %s", next)
			}
			d.answered("2026-11-27T20:31:00Z")
			var reasons []string
			for _, r := range d.requests() {
				if r.Source == release.FromEditor {
					continue
				}
				if reasons = append(reasons, r.Reason); r.Source != c.source {
					t.Errorf("it asks as %s, want %s: what the CMS published is to be built", r.Source, c.source)
				}
			}
			if c.asks == "" && len(reasons) > 0 || c.asks != "" && (len(reasons) != 1 || !strings.HasSuffix(reasons[0], c.asks)) {
				t.Errorf("it asks %q, want %q", reasons, c.asks)
			}
			if got := strings.Join(d.skipped(), "\n"); got != c.skips {
				t.Errorf("it skips %q, want %q", got, c.skips)
			}
		})
	}
}

// The answer of a call is lost with the process: the CMS is called again for the same
// slot, and the slot is settled once.
func TestACallThatWasCutShortIsMadeAgainForTheSameSlot(t *testing.T) {
	told := &cms{published: 1}
	d := newDesk(t, "2026-11-27T12:00:00Z", daily(t))
	d.publisher = told
	d.restart("2026-11-27T12:00:01Z")
	d.look("2026-11-27T20:30:00Z")
	d.table.Wait()
	if len(d.asked()) != 0 {
		t.Fatal("it asked before it knew")
	}
	d.restart("2026-11-27T20:30:20Z")
	d.answered("2026-11-27T20:30:20Z")
	d.restart("2026-11-27T20:30:30Z")
	d.answered("2026-11-27T20:30:30Z")
	if len(told.called) != 2 || told.called[0] != told.called[1] || len(d.asked()) != 1 {
		t.Errorf("called %v, asked %v", told.called, d.asked())
	}
}
