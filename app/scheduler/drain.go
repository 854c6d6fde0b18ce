package scheduler

import "context"

// Drain ends a scheduler that was started without breaking anything off: no further round
// is made, and what was begun of the outbox is waited for until ctx ends. It is called
// once; what is left over ends with the context of New.
func (s *Scheduler) Drain(ctx context.Context) {
	close(s.draining)
	select {
	case <-s.over:
	case <-ctx.Done():
		return
	}
	for s.working() {
		select {
		case <-s.freed:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Scheduler) working() bool {
	s.worker.mu.Lock()
	defer s.worker.mu.Unlock()
	return len(s.worker.busy) > 0
}
