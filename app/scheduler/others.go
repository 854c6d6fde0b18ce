package scheduler

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/app/replicas"
)

// Others are what must be known of the other replicas on a ledger.
type Others struct {
	// Duties have one replica look at the schedules of all sites.
	Duties *replicas.Duties
	// Mine says whether the tasks of a site are this replica's to carry out: those of a
	// site that is built on another machine are not.
	Mine func(site string) bool
	// Alone says whether no other replica was at work before this one began.
	Alone bool
}

// duty is the life of a duty of this replica.
type duty struct {
	ctx context.Context //nolint:containedctx // that is what it is
}

// tend has this replica look at the schedules until ctx ends.
func (s *Scheduler) tend(ctx context.Context) {
	s.tends.Store(&duty{ctx})
	s.wakeUp()
	<-ctx.Done()
	s.tends.Store(nil)
}

// wakeUp has a round made soon.
func (s *Scheduler) wakeUp() {
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// takeUp begins to look at the schedules when that has become this replica's duty: what
// another one has looked at meanwhile is read anew.
func (s *Scheduler) takeUp() (fresh bool, err error) {
	now := s.tends.Load()
	if now == nil || now == s.tended {
		return false, nil
	}
	if err := s.table.Begin(now.ctx, s.schedules); err != nil {
		return false, err
	}
	s.tended = now
	return true, nil
}

// longest is the longest wait between two rounds: beside other replicas a short one, since
// what one of them left undone when it died makes no noise.
func (s *Scheduler) longest() time.Duration {
	if s.others != nil {
		return besideOthers
	}
	return longest
}

// mine says whether the tasks of a site are this replica's: all are without others.
func (o *Others) mine(site string) bool { return o == nil || o.Mine(site) }
