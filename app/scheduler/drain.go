package scheduler

import "context"

// Drain ends a started scheduler without cancelling its work: it makes no further round,
// and waits for the tasks of the outbox that are under way until ctx ends. Tasks that take
// longer end with the context of New. It may be called once.
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
