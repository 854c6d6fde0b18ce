package cms

import (
	"context"
	"time"
)

// Delivery's limits: one call, and the pauses between tries.
const (
	deliveryTimeout = 10 * time.Second
	firstPause      = time.Second
	longestPause    = time.Minute
)

// keptChanges is how many delivered changes are remembered. Changes that are
// still to be delivered, or that an article refers to, are never forgotten.
const keptChanges = 200

// queue records a change to be delivered. Without a Publisher it would never be
// delivered, so none is kept.
func (c *CMS) queue(s *state, change Change) {
	if c.opts.Publisher == nil {
		return
	}
	s.Changes = append(s.Changes, entry{Change: change})
	s.forget()
}

// forget drops the oldest delivered changes that no article refers to.
func (s *state) forget() {
	surplus := len(s.Changes) - keptChanges
	if surplus <= 0 {
		return
	}
	needed := make(map[string]bool, len(s.Articles))
	for _, r := range s.Articles {
		needed[r.ChangeID] = true
	}
	kept := make([]entry, 0, len(s.Changes))
	for _, e := range s.Changes {
		if surplus > 0 && !e.Sent.IsZero() && !needed[e.ID] {
			surplus--
			continue
		}
		kept = append(kept, e)
	}
	s.Changes = kept
}

// Run delivers changes to the Publisher until ctx ends. Undelivered changes then stay
// queued, in the file if there is one. It always answers nil.
func (c *CMS) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause := c.deliverDue(ctx)
		select {
		case <-ctx.Done():
		case <-c.wake:
		case <-time.After(pause):
		}
	}
	return nil
}

func (c *CMS) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default: // a wake-up is waiting already
	}
}

// deliverDue tries every change that is due, oldest first, and answers how
// long to wait for the next. A refused change does not hold up those after it.
func (c *CMS) deliverDue(ctx context.Context) time.Duration {
	for _, e := range c.store.read().Changes {
		if ctx.Err() != nil {
			return longestPause
		}
		if e.Sent.IsZero() && !e.NextTry.After(time.Now()) {
			c.deliver(ctx, e)
		}
	}
	return c.untilNext()
}

func (c *CMS) untilNext() time.Duration {
	pause := longestPause
	for _, e := range c.store.read().Changes {
		if e.Sent.IsZero() {
			pause = min(pause, max(0, time.Until(e.NextTry)))
		}
	}
	return pause
}

func (c *CMS) deliver(ctx context.Context, e entry) {
	callCtx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	err := c.opts.Publisher.ContentChanged(callCtx, e.Change)
	if ctx.Err() != nil && err != nil {
		return // we are stopping: that is no failure of the Publisher
	}
	if err != nil {
		c.log.WarnContext(ctx, "content change not delivered; will try again", "change", e.ID, "entity", e.Entity, "attempt", e.Attempts+1, "error", err)
	}
	noteErr := c.store.note(func(s *state) { s.delivered(e.ID, err == nil) })
	if noteErr != nil {
		c.log.ErrorContext(ctx, "delivery of a content change not noted; it may be repeated", "change", e.ID, "error", noteErr)
	}
}

// delivered notes one try. After a success everything that waits is due at
// once: the Publisher is back.
func (s *state) delivered(id string, ok bool) {
	i := s.change(id)
	if i < 0 {
		return
	}
	now := time.Now().UTC()
	e := &s.Changes[i]
	e.Attempts++
	if !ok {
		e.NextTry = now.Add(pauseAfter(e.Attempts))
		return
	}
	e.Sent = now
	for j := range s.Changes {
		s.Changes[j].NextTry = time.Time{}
	}
}

// pauseAfter is 1 s, 2 s, 4 s and so on, up to a minute.
func pauseAfter(attempts int) time.Duration {
	return min(longestPause, firstPause<<min(attempts-1, 10))
}
