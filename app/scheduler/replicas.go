package scheduler

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/app/replicas"
)

// Replicas are what the scheduler must know of the other replicas on a ledger.
type Replicas struct {
	// Duties have one replica look at the schedules of all sites.
	Duties *replicas.Duties
	// Mine says whether the tasks of a site are this replica's to carry out: those of a
	// site that is built on another machine are not.
	Mine func(site string) bool
	// Alone says whether no other replica was at work before this one began.
	Alone bool
}

// duty is the time in which this replica has the duty to look at the schedules.
type duty struct {
	ctx context.Context //nolint:containedctx // it ends with the duty
}

// lookAtSchedules has this replica look at the schedules until ctx ends.
func (s *Scheduler) lookAtSchedules(ctx context.Context) {
	s.duty.Store(&duty{ctx})
	s.wakeUp()
	<-ctx.Done()
	s.duty.Store(nil)
}

// wakeUp has a round made soon.
func (s *Scheduler) wakeUp() {
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// takeDuty begins to look at the schedules when that has become this replica's duty: it
// reads anew how far another replica has looked meanwhile.
func (s *Scheduler) takeDuty() (fresh bool, err error) {
	now := s.duty.Load()
	if now == nil || now == s.begunFor {
		return false, nil
	}
	if err := s.table.Begin(now.ctx, s.schedules); err != nil {
		return false, err
	}
	s.begunFor = now
	return true, nil
}

// longest is the longest wait between two rounds. It is short beside other replicas: no
// event tells of the work that one of them left when it died.
func (s *Scheduler) longest() time.Duration {
	if s.replicas != nil {
		return besideReplicas
	}
	return longest
}

// mine says whether the tasks of a site are this replica's: all are when it is alone.
func (r *Replicas) mine(site string) bool { return r == nil || r.Mine(site) }
