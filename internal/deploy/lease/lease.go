// Package lease holds the right to write to a destination: it takes and renews the lease
// by swapping the head, and cancels all work under it when it is lost.
package lease

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// CloseTimeout bounds giving the lease back after a failure or a signal.
const CloseTimeout = 10 * time.Second

// Lease is held by one deploy: it renews itself, and cancels its context when it is
// lost.
type Lease struct {
	ctx   context.Context //nolint:containedctx // the lease is the lifetime of everything done under it
	state store.Store
	ttl   time.Duration

	cancel context.CancelCauseFunc
	done   chan struct{}
	expiry *time.Timer // ends ctx when the lease does

	turn chan struct{} // held by the goroutine that swaps the head, over its request
	mu   sync.Mutex    // guards head, etag and unanswered
	head manifest.Head
	etag string
	// sent is the head that was last sent, and began the time of the first try: the store
	// counts the lease from then on at the earliest. turn guards both.
	sent  []byte
	began time.Time
	// unanswered is why the last renewal failed; nil when it did not.
	unanswered error
	renewed    atomic.Pointer[time.Time] // began of the last successful swap
}

// Take takes the lease by writing a head over the one with this ETag ("" for none), and
// renews it from then on. A later deploy finds another ETag: store.ErrPrecondition.
func Take(ctx context.Context, state store.Store, head manifest.Head, etag string, ttl time.Duration) (*Lease, error) {
	l := &Lease{state: state, ttl: ttl, etag: etag, turn: make(chan struct{}, 1)}
	if err := l.swap(ctx, head); err != nil {
		return nil, err
	}
	l.start(ctx)
	return l, nil
}

// Context is the context of all work under the lease. Its cause wraps
// manifest.ErrLeaseLost once the lease is lost.
func (l *Lease) Context() context.Context { return l.ctx }

func (l *Lease) start(ctx context.Context) {
	l.ctx, l.cancel = context.WithCancelCause(ctx)
	l.done = make(chan struct{})
	// A write that is still on its way when the lease ends is given up, so that
	// it can't land in the middle of the next deploy.
	l.expiry = time.AfterFunc(l.life()-time.Since(l.began), func() { l.cancel(l.expired()) })
	go l.renew()
}

// life is how long this side relies on the lease after a renewal was begun: a tenth less
// than its TTL, and a second for the store's coarse clock.
func (l *Lease) life() time.Duration { return l.ttl*9/10 - time.Second }

// renew swaps the head every quarter of the TTL. A try without an answer is given up early,
// to leave time for another before writes must stop: one dead connection must not cost a
// deploy.
func (l *Lease) renew() {
	defer close(l.done)
	wait := l.ttl / 4
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-time.After(wait):
		}
		ctx, cancel := context.WithTimeout(l.ctx, l.ttl/6)
		err := l.Update(ctx, manifest.Head.Renew)
		cancel()
		if errors.Is(err, manifest.ErrLeaseLost) {
			l.cancel(err)
			return
		}
		wait = l.ttl / 4
		if err != nil {
			wait = l.ttl / 20
		}
		l.mu.Lock()
		l.unanswered = err
		l.mu.Unlock()
	}
}

// Valid says whether a write may still be started. The lease began before the
// store stamped it, so this side gives up first; a part of it is left for the
// write to arrive. Two clocks are asked: the monotonic one stands still while a
// machine sleeps, and the calendar may be set back.
func (l *Lease) Valid() error {
	renewed := *l.renewed.Load()
	age := max(time.Since(renewed), time.Now().Round(0).Sub(renewed.Round(0)))
	if age > l.life()*3/4 {
		return l.expired()
	}
	return nil
}

// errTakenOver says that the lease was lost to another deploy.
var errTakenOver = fmt.Errorf("another deploy has taken over: %w", manifest.ErrLeaseLost)

// expired is the error for a lease that was not renewed in time.
func (l *Lease) expired() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unanswered == nil {
		return fmt.Errorf("the lease was not renewed in time (was this machine asleep?); deploy again: %w", manifest.ErrLeaseLost)
	}
	return fmt.Errorf("the lease could not be renewed in time; check the network to the store, then deploy again: %w (the last try: %w)",
		manifest.ErrLeaseLost, l.unanswered)
}

// Update changes the head under the lease.
func (l *Lease) Update(ctx context.Context, change func(manifest.Head) manifest.Head) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	head := l.Head()
	if head.Lease == nil {
		return nil // it was given back
	}
	err := l.swap(ctx, change(head))
	if !errors.Is(err, store.ErrPrecondition) && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	// An earlier change by this lease may have arrived although no answer came.
	found, err := history.ReadHead(ctx, l.state, head.Site)
	if err != nil {
		return err
	}
	if l.arrived(found, change(head)) {
		return nil
	}
	if !sameLease(found.Lease, head.Lease) {
		return errTakenOver
	}
	l.mu.Lock()
	l.etag = found.ETag
	l.mu.Unlock()
	if err = l.swap(ctx, change(found.Head)); errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
		return errTakenOver
	}
	return err
}

func sameLease(found, held *manifest.Lease) bool {
	return found != nil && found.Owner == held.Owner && found.Fence == held.Fence
}

// arrived says whether a head that was found is the wanted one, and takes note of it.
func (l *Lease) arrived(found history.Head, wanted manifest.Head) bool {
	a, err := found.Encode()
	b, wantedErr := wanted.Encode()
	if err != nil || wantedErr != nil || !bytes.Equal(a, b) {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head, l.etag = wanted, found.ETag
	return true
}

// Head is the head as this deploy last wrote it.
func (l *Lease) Head() manifest.Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// swap writes the head over the one that was last seen.
func (l *Lease) swap(ctx context.Context, head manifest.Head) error {
	body, err := head.Encode()
	if err != nil {
		return fmt.Errorf("encode head: %w", err)
	}
	if !bytes.Equal(l.sent, body) { // else an earlier try may have arrived, and counts
		l.sent, l.began = body, time.Now()
	}
	l.mu.Lock()
	cond := store.Condition{IfMatch: l.etag, IfAbsent: l.etag == ""}
	l.mu.Unlock()
	written, err := l.state.Put(ctx, store.SmallPut(history.HeadKey, manifest.StateHeaders, body, cond))
	if errors.Is(err, store.ErrPrecondition) {
		// The answer to an earlier try may have been lost on the way.
		o, readErr := l.state.Get(ctx, history.HeadKey)
		switch {
		case readErr == nil && bytes.Equal(o.Body, body):
			written.ETag, err = o.ETag, nil
		case errors.Is(readErr, store.ErrDeleted) && cond.IfAbsent:
			err = fmt.Errorf("the state at %s was deleted, and its store takes deleted objects for existing ones: delete its earlier versions too", l.state)
		}
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.head, l.etag = head, written.ETag
	l.mu.Unlock()
	began := l.began
	l.renewed.Store(&began)
	if l.expiry != nil {
		l.expiry.Reset(l.life() - time.Since(began))
	}
	return nil
}

// Release stops the renewal and gives the lease back, even when ctx was cancelled, so that
// the next deploy need not wait until it expires. It tries for the TTL, or for CloseTimeout
// after a failure or a signal. swept says that the live release's deletes are done.
func (l *Lease) Release(ctx context.Context, swept, failed bool) error {
	lost := errors.Is(context.Cause(l.ctx), manifest.ErrLeaseLost)
	l.cancel(nil)
	<-l.done
	defer l.expiry.Stop()
	if lost || l.Head().Lease == nil {
		return nil
	}
	limit := max(l.ttl, CloseTimeout)
	if failed {
		limit = CloseTimeout
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(CloseTimeout, cancel) })()
	err := l.Update(closing, func(h manifest.Head) manifest.Head { return h.Release(swept) })
	if err != nil && !errors.Is(err, manifest.ErrLeaseLost) {
		return fmt.Errorf("the lease could not be given back, and blocks other deploys until it ends by itself in %s: %w", l.ttl, err)
	}
	return nil
}

// SetCapabilities puts the store's capabilities into the head, for its next write.
func (l *Lease) SetCapabilities(found store.Capabilities) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.head.Store = &found
}
