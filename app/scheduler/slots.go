package scheduler

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// slotLook is how often the ledger decides again which releases get slots although none was
// freed: a release that has waited long goes before others.
const slotLook = time.Minute

// line has the sites that wait for a slot, and the releases that have one, among the sites
// that were visited. It says when to ask the ledger, which knows all and decides.
type line struct {
	waits map[string]bool
	has   map[string]int64 // by site, the number of the release
	// look is when the ledger is to decide again; zero for never.
	look time.Time
}

func newLine() line { return line{waits: map[string]bool{}, has: map[string]int64{}} }

// note updates the line by the state of a site. ticked says that the ledger has just
// decided about the site.
func (l *line) note(site release.Site, ticked bool) {
	now := ledger.Now()
	var number int64
	if site.HasSlot() {
		number = site.Number
	}
	if had := l.has[site.Name]; had != 0 && had != number {
		l.look = now // it has freed a slot
	}
	l.has[site.Name] = number
	waits := site.WaitsForSlot(now)
	if waits && !l.waits[site.Name] && !ticked {
		l.look = now // slots may have become free since
	}
	if l.waits[site.Name] = waits; !waits {
		delete(l.waits, site.Name)
	}
	if len(l.waits) == 0 {
		l.look = time.Time{}
	} else {
		l.look = soonest(l.look, now.Add(slotLook))
	}
}

// giveSlots has the ledger start the releases that wait for a slot, as far as slots are free.
func (s *Scheduler) giveSlots(ctx context.Context) {
	if !passed(s.line.look) {
		return
	}
	s.line.look = ledger.Now().Add(slotLook)
	started, err := s.ledger.GiveSlots(ctx, rand.Text)
	if err != nil {
		if ctx.Err() == nil {
			s.failed(err)
			s.log.Error("the ledger can't decide which releases get slots", "error", err)
		}
		s.line.look = ledger.Now().Add(retryWait)
		return
	}
	if len(started) > 0 {
		s.fetch = ledger.Now() // their dispatches are begun in this round
	}
}
