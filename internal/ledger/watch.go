package ledger

import "sync"

// watch wakes those who wait for changes.
type watch struct {
	mu     sync.Mutex
	next   chan struct{}
	closed bool
}

// Changed gives a channel that is closed at the next commit that changed
// anything, or when the ledger closes. Take it before reading, so that no
// change falls between.
func (l *Ledger) Changed() <-chan struct{} { return l.watch.wait() }

func (w *watch) wait() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next == nil {
		w.next = make(chan struct{})
		if w.closed {
			close(w.next)
		}
	}
	return w.next
}

func (w *watch) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.next != nil && !w.closed {
		close(w.next)
		w.next = nil
	}
}

func (w *watch) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed && w.next != nil {
		close(w.next)
	}
	w.closed = true
}
