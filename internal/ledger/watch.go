package ledger

import "sync"

// watch wakes those who wait for changes.
type watch struct {
	mu     sync.Mutex
	next   chan struct{}
	trails map[string]chan struct{} // by site; "" for all
	closed bool
}

// Changed gives a channel that is closed at the next commit that changed
// anything, or when the ledger closes. Take it before reading, so that no
// change falls between.
func (l *Ledger) Changed() <-chan struct{} {
	l.watch.mu.Lock()
	defer l.watch.mu.Unlock()
	return l.watch.wait(&l.watch.next)
}

// Told is Changed for the audit trail alone: it is closed at the next commit
// that adds to that of a site, or to any when site is "". A run's heartbeats
// and the news of other sites wake nobody.
func (l *Ledger) Told(site string) <-chan struct{} {
	w := &l.watch
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.trails[site]
	told := w.wait(&next)
	if w.trails == nil {
		w.trails = map[string]chan struct{}{}
	}
	w.trails[site] = next
	return told
}

// wait gives the channel that is closed next. The caller holds mu.
func (w *watch) wait(next *chan struct{}) <-chan struct{} {
	if *next == nil {
		*next = make(chan struct{})
		if w.closed {
			close(*next)
		}
	}
	return *next
}

// wake tells of a commit, and of whose audit trails grew.
func (w *watch) wake(events []Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	if w.next != nil {
		close(w.next)
		w.next = nil
	}
	if len(events) > 0 {
		w.wakeTrail("")
	}
	for _, e := range events {
		w.wakeTrail(e.Site)
	}
}

func (w *watch) wakeTrail(site string) {
	if next, ok := w.trails[site]; ok {
		close(next)
		delete(w.trails, site)
	}
}

func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	if w.next != nil {
		close(w.next)
	}
	for _, next := range w.trails {
		close(next)
	}
}
