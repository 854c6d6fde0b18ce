package scheduler

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// slotLook is how often it is looked whether who waits for a slot may start, though nothing
// was heard that frees one: what has waited long goes before others.
const slotLook = time.Minute

// line knows which sites wait for a slot, and which releases have one, as far as they were
// visited. The ledger decides: it knows them all.
type line struct {
	waits map[string]bool
	has   map[string]int64 // by site, the number of the release
	// look is when the ledger is to decide again; zero for never.
	look time.Time
}

func newLine() line { return line{waits: map[string]bool{}, has: map[string]int64{}} }

// note takes in how a site stands. ticked says that the ledger has just decided about it.
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
		l.look = now // the slots may be others since
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

// giveSlots has the ledger start what waits for a slot, as far as there are any.
func (s *Scheduler) giveSlots(ctx context.Context) {
	if !passed(s.line.look) {
		return
	}
	s.line.look = ledger.Now().Add(slotLook)
	started, err := s.ledger.GiveSlots(ctx, rand.Text)
	if err != nil {
		if ctx.Err() == nil {
			s.failed(err)
			s.log.Error("it can't be decided which releases start", "error", err)
		}
		s.line.look = ledger.Now().Add(retryWait)
		return
	}
	if len(started) > 0 {
		s.fetch = ledger.Now() // what it put into the outbox is begun in this round
	}
}
