package year

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/calendar"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// shipped is VA.gov's site as the example configures it: its calendar is the drill's.
func shipped(t *testing.T) config.Site {
	t.Helper()
	const file = "../../../examples/va.gov.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for n := range 2 { // tokens of one's own
		text = bytes.Replace(text, []byte("PUT-A-HASH-HERE-see-pressrun-token-new"), fmt.Appendf(nil, "%x", sha256.Sum256([]byte(fmt.Sprint(n)))), 1)
	}
	c, err := config.Parse(file, "/etc/pressrun", text)
	if err != nil {
		t.Fatal(err)
	}
	return c.Sites["www"]
}

// checkSlots holds what the schedules asked for against the calendar: each slot
// once, continuous releases in their windows alone, and all of it live.
func (w *world) checkSlots() {
	var timed []ledger.Request
	for name := range w.sites {
		schedules, err := w.server.conf.Schedules(name)
		if err != nil {
			w.t.Fatal(err)
		}
		all, err := w.server.now().Ledger().Requests(w.ctx, name, 0, 1<<40, 10_000_000)
		if err != nil {
			w.t.Fatal(err)
		}
		all = slices.DeleteFunc(all, func(r ledger.Request) bool { return !strings.HasPrefix(r.Key, "schedule:") })
		timed = append(timed, all...)
		for _, s := range schedules {
			if s.Continuous {
				w.checkContinuous(name, s, slotsOf(all, s))
				continue
			}
			w.checkSchedule(name, s, slotsOf(all, s))
		}
	}
	for _, r := range timed {
		got, err := w.cms.Request(w.ctx, r.ID)
		if err != nil || got.Status != release.Live {
			w.broken(&w.figures.lost, "request %s of %s is not live: %s (%v)", r.ID, r.Actor, got.Text, err)
			continue
		}
		w.mustBeTrue(&asked{site: w.sites[r.Site], key: r.Key, changed: r.AcceptedAt, id: r.ID}, got)
	}
	w.figures.requests += len(timed)
}

// slotsOf are the requests of a schedule, by the slot that their key names.
func slotsOf(all []ledger.Request, s calendar.Schedule) map[string][]ledger.Request {
	found := map[string][]ledger.Request{}
	for _, r := range all {
		if slot, ok := strings.CutPrefix(r.Key, "schedule:"+s.Name+":"); ok {
			found[slot] = append(found[slot], r)
		}
	}
	return found
}

func (w *world) checkSchedule(site string, s calendar.Schedule, found map[string][]ledger.Request) {
	for slot, ok := s.Next(beginning); ok && slot.Before(time.Now().Add(-slack)); slot, ok = s.Next(slot) {
		key := slot.UTC().Format(time.RFC3339)
		w.figures.count(&w.figures.slots)
		asked := found[key]
		delete(found, key)
		if len(asked) != 1 {
			w.broken(&w.figures.missingSlots, "%s: the slot %s of %s was asked for %d times", site, slot, s.Name, len(asked))
			continue
		}
		if late := asked[0].AcceptedAt.Sub(slot) - within(w.server.away, slot, asked[0].AcceptedAt); late < 0 || late > slack {
			w.broken(&w.figures.stuck, "%s: the slot %s of %s was asked for at %s", site, slot, s.Name, asked[0].AcceptedAt)
		}
	}
	for key := range found {
		w.broken(&w.figures.extraSlots, "%s: %s asked for %s, which is no slot", site, s.Name, key)
	}
}

func (w *world) checkContinuous(site string, s calendar.Schedule, found map[string][]ledger.Request) {
	for key, asked := range found {
		w.figures.count(&w.figures.continuous)
		if len(asked) != 1 || s.OpenUntil(asked[0].AcceptedAt).IsZero() {
			w.broken(&w.figures.extraSlots, "%s: %s asked %d times %s, at %s", site, s.Name, len(asked), key, asked[0].AcceptedAt)
		}
	}
}
