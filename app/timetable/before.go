package timetable

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Slot names a slot of a schedule, the same however often it is looked at.
type Slot struct {
	Site, Schedule string
	At             time.Time
}

// Publisher has a site's CMS publish its due content before a slot asks for a release.
type Publisher interface {
	// Calls says whether slots of a schedule have such a call.
	Calls(site, schedule string) bool
	// Publish makes the call, trying again within a bound of its own, and gives the
	// number of pages that were published. The CMS may be called again for the same slot.
	Publish(ctx context.Context, slot Slot) (published int64, err error)
}

// answer is the CMS's answer to the call for a slot; looked is when the slot was found due.
type answer struct {
	slot      Slot
	looked    time.Time
	done      bool
	published int64
	err       error
}

// calls are the calls under way, and the ended ones whose slots are not in the ledger yet.
type calls struct {
	publisher Publisher
	answered  chan struct{}
	running   sync.WaitGroup

	mu sync.Mutex
	of map[*scheduled]*answer
}

// Answered receives when a call that slots wait for has ended.
func (t *Timetable) Answered() <-chan struct{} { return t.calls.answered }

// HasAnswer says whether a call has ended for which a slot of the site waits.
func (t *Timetable) HasAnswer(site string) bool {
	t.calls.mu.Lock()
	defer t.calls.mu.Unlock()
	for _, one := range t.sites[site] {
		if a := t.calls.of[one]; a != nil && a.done {
			return true
		}
	}
	return false
}

// Wait returns when no call is under way.
func (t *Timetable) Wait() { t.calls.running.Wait() }

// call gives the answer to the call for a due slot, and begins the call if need be: the
// answer is not done before the call has ended. A schedule has one call at a time; a later
// slot that falls due meanwhile is looked at afterwards.
func (c *calls) call(ctx context.Context, one *scheduled, slot Slot, looked time.Time) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.of[one]; a != nil {
		return *a
	}
	a := &answer{slot: slot, looked: looked}
	c.of[one] = a
	c.running.Go(func() {
		published, err := c.publisher.Publish(ctx, slot)
		c.mu.Lock()
		a.done, a.published, a.err = true, published, err
		c.mu.Unlock()
		select {
		case c.answered <- struct{}{}:
		default:
		}
	})
	return *a
}

// pending is the call that the schedule's slot waits for, or has waited for.
func (c *calls) pending(one *scheduled) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.of[one]; a != nil {
		return *a, true
	}
	return answer{}, false
}

// settled forgets a call: its slot is in the ledger.
func (c *calls) settled(one *scheduled) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.of, one)
}

// decide gives the effect of the CMS's answer on a slot: a further reason for the slot's
// request, or the reason for which the slot is skipped. A failed call skips nothing: it
// must not keep content back.
func (a answer) decide(site release.Site) (reason, skipped string) {
	waits := site.State == release.Requested || site.Waiting.Count > 0
	switch {
	case a.err != nil:
		return fmt.Sprintf("whether the CMS published what is due is not known: %v", a.err), ""
	case a.published > 0:
		return "the CMS published " + text.Count(a.published, "page"), ""
	case waits:
		return "the CMS published nothing, but other requests wait", ""
	}
	return "", "nothing to do: the CMS had nothing to publish"
}

// take turns a request into the look that skips it, where the answer says so.
func (a answer) take(site release.Site, look *ledger.ScheduleLook, ask *ledger.Request) *ledger.Request {
	reason, skipped := a.decide(site)
	if skipped != "" {
		look.Skipped = ask.Reason + ": " + skipped
		return nil
	}
	ask.Reason += "; " + reason
	if a.published > 0 || a.err != nil {
		// Content that was, or may have been, published goes out whatever the
		// fingerprint is, which may not cover it.
		ask.Source = release.FromContent
	}
	return ask
}
