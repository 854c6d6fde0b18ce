package ledger

import (
	"maps"
	"slices"
	"sync"
)

// watch wakes goroutines that wait for changes.
type watch struct {
	mu      sync.Mutex
	next    chan struct{}
	trails  map[string]chan struct{} // by site; "" for all
	kinds   map[string]chan struct{} // by kind of event
	changes map[*Changes]bool
	closed  bool
}

// Change says what commits have changed.
type Change struct {
	// Sites names the sites whose state or requests may have changed, sorted.
	Sites []string
	// Outbox says whether tasks came into the outbox.
	Outbox bool
}

// Changes collects what commits change, for one reader that takes it from time
// to time. It holds no more than the names of the sites.
type Changes struct {
	watch  *watch
	ready  chan struct{}
	sites  map[string]bool
	outbox bool
}

// Changes begins to collect changes of sites and of the outbox. End it with
// Close.
func (w *watch) Changes() *Changes {
	c := &Changes{watch: w, ready: make(chan struct{}, 1), sites: map[string]bool{}}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.changes == nil {
		w.changes = map[*Changes]bool{}
	}
	w.changes[c] = true
	return c
}

// Ready has a value when there may be something to take.
func (c *Changes) Ready() <-chan struct{} { return c.ready }

// Take returns the changes since its last call. They are committed: a read afterwards sees them.
func (c *Changes) Take() Change {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	change := Change{Sites: slices.Sorted(maps.Keys(c.sites)), Outbox: c.outbox}
	clear(c.sites)
	c.outbox = false
	return change
}

// Close ends the collecting.
func (c *Changes) Close() {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	delete(c.watch.changes, c)
}

// add collects what a commit changed. The caller holds the watch's mu.
func (c *Changes) add(n changeSet) {
	if len(n.Sites) == 0 && !n.Outbox {
		return
	}
	for _, name := range n.Sites {
		c.sites[name] = true
	}
	c.outbox = c.outbox || n.Outbox
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// Changed gives a channel that is closed at the next commit that changed
// anything, or when the ledger closes. Take it before reading, so that no
// change falls between.
func (w *watch) Changed() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wait(&w.next)
}

// TrailGrown is Changed for the audit trail alone: it is closed at the next commit
// that adds to that of a site, or to any when site is "". A run's heartbeats
// and the events of other sites wake nobody.
func (w *watch) TrailGrown(site string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.trails[site]
	grown := w.wait(&next)
	if w.trails == nil {
		w.trails = map[string]chan struct{}{}
	}
	w.trails[site] = next
	return grown
}

// Happened is TrailGrown for one kind of event, of whatever site.
func (w *watch) Happened(kind string) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.kinds[kind]
	happened := w.wait(&next)
	if w.kinds == nil {
		w.kinds = map[string]chan struct{}{}
	}
	w.kinds[kind] = next
	return happened
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

// wake wakes those who wait for the sites, audit trails and kinds of events that a commit changed.
func (w *watch) wake(n changeSet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	if w.next != nil {
		close(w.next)
		w.next = nil
	}
	for c := range w.changes {
		c.add(n)
	}
	if n.All {
		w.wakeAll()
		return
	}
	if len(n.Events) > 0 {
		w.wakeTrail("")
	}
	for _, e := range n.Events {
		w.wakeTrail(e.Site)
		if next, ok := w.kinds[e.Kind]; ok {
			close(next)
			delete(w.kinds, e.Kind)
		}
	}
	for _, site := range n.Notices {
		w.wakeTrail(site)
	}
}

// wakeAll wakes all waiters: anything may have happened.
func (w *watch) wakeAll() {
	for site := range w.trails {
		w.wakeTrail(site)
	}
	for kind, next := range w.kinds {
		close(next)
		delete(w.kinds, kind)
	}
}

func (w *watch) wakeTrail(site string) {
	if next, ok := w.trails[site]; ok {
		close(next)
		delete(w.trails, site)
	}
}

// unwatch wakes all waiters for the last time, when the ledger closes.
func (w *watch) unwatch() {
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
	for _, next := range w.kinds {
		close(next)
	}
}
