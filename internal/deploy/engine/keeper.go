package engine

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

// closeTimeout bounds giving the lease back after a failure or a signal.
const closeTimeout = 10 * time.Second

// keeper holds the lease: it renews it, and cancels ctx when it is lost.
type keeper struct {
	ctx   context.Context //nolint:containedctx // the lease is the lifetime of everything done under it
	state store.Store
	ttl   time.Duration

	cancel context.CancelCauseFunc
	done   chan struct{}
	expiry *time.Timer // ends ctx when the lease does

	turn chan struct{} // held by whoever swaps the head, over its request
	mu   sync.Mutex    // guards head, etag and unanswered
	head manifest.Head
	etag string
	// sent is the head that was last sent, and began when that was done for the
	// first time: the store counts the lease from then on, at the earliest. Both are
	// guarded by turn.
	sent  []byte
	began time.Time
	// unanswered is why the last renewal failed; nil when it did not.
	unanswered error
	renewed    atomic.Pointer[time.Time] // when the last successful swap was first begun
}

func (k *keeper) start(ctx context.Context) {
	k.ctx, k.cancel = context.WithCancelCause(ctx)
	k.done = make(chan struct{})
	// A write that is still on its way when the lease ends is given up, so that
	// it can't land in the middle of the next deploy.
	k.expiry = time.AfterFunc(k.life()-time.Since(k.began), func() { k.cancel(k.ended()) })
	go k.renew()
}

// life is how long this side counts on the lease after a renewal was begun: a
// tenth less than what the store grants, and a second for its coarse clock.
func (k *keeper) life() time.Duration { return k.ttl*9/10 - time.Second }

// renew swaps the head every fourth of the lease's time. A try that gets no
// answer is given up early, so that there is time for another before writes must
// stop: one dead connection must not cost a deploy.
func (k *keeper) renew() {
	defer close(k.done)
	wait := k.ttl / 4
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-time.After(wait):
		}
		ctx, cancel := context.WithTimeout(k.ctx, k.ttl/6)
		err := k.update(ctx, manifest.Head.Renew)
		cancel()
		if errors.Is(err, manifest.ErrLeaseLost) {
			k.cancel(err)
			return
		}
		wait = k.ttl / 4
		if err != nil {
			wait = k.ttl / 20
		}
		k.mu.Lock()
		k.unanswered = err
		k.mu.Unlock()
	}
}

// valid tells whether a write may still be started. The lease began before the
// store stamped it, so this side gives up first; a part of it is left for the
// write to arrive. Two clocks are asked: the monotonic one stands still while a
// machine sleeps, and the calendar may be set back.
func (k *keeper) valid() error {
	renewed := *k.renewed.Load()
	age := max(time.Since(renewed), time.Now().Round(0).Sub(renewed.Round(0)))
	if age > k.life()*3/4 {
		return k.ended()
	}
	return nil
}

// errTakenOver is how a lease is lost to another deploy.
var errTakenOver = fmt.Errorf("another deploy has taken over: %w", manifest.ErrLeaseLost)

// ended says how a lease was lost that nobody has taken.
func (k *keeper) ended() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unanswered == nil {
		return fmt.Errorf("the lease was not renewed in time (was this machine asleep?); deploy again: %w", manifest.ErrLeaseLost)
	}
	return fmt.Errorf("the lease could not be renewed in time; check the network to the store, then deploy again: %w (the last try: %w)",
		manifest.ErrLeaseLost, k.unanswered)
}

// update changes the head under the lease.
func (k *keeper) update(ctx context.Context, change func(manifest.Head) manifest.Head) error {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	head := k.current()
	if head.Lease == nil {
		return nil // given back: nothing to change under
	}
	err := k.swap(ctx, change(head))
	if !errors.Is(err, store.ErrPrecondition) && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	// An earlier change of ours may have arrived although no answer came.
	found, err := history.ReadHead(ctx, k.state, head.Site)
	if err != nil {
		return err
	}
	if k.arrived(found, change(head)) {
		return nil
	}
	if l := found.Lease; l == nil || l.Owner != head.Lease.Owner || l.Fence != head.Lease.Fence {
		return errTakenOver
	}
	k.mu.Lock()
	k.etag = found.ETag
	k.mu.Unlock()
	if err = k.swap(ctx, change(found.Head)); errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
		return errTakenOver
	}
	return err
}

// arrived tells whether a head that was found is the one that was to be written.
func (k *keeper) arrived(found history.Head, wanted manifest.Head) bool {
	a, err := found.Encode()
	b, wantedErr := wanted.Encode()
	if err != nil || wantedErr != nil || !bytes.Equal(a, b) {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.head, k.etag = wanted, found.ETag
	return true
}

// current is the head as this deploy last wrote it.
func (k *keeper) current() manifest.Head {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.head
}

// swap writes the head over the one that was last seen.
func (k *keeper) swap(ctx context.Context, head manifest.Head) error {
	body, err := head.Encode()
	if err != nil {
		return fmt.Errorf("encode head: %w", err)
	}
	if !bytes.Equal(k.sent, body) { // else an earlier try may have arrived, and counts
		k.sent, k.began = body, time.Now()
	}
	k.mu.Lock()
	cond := store.Condition{IfMatch: k.etag, IfAbsent: k.etag == ""}
	k.mu.Unlock()
	written, err := k.state.Put(ctx, store.SmallPut(history.HeadKey, manifest.StateHeaders, body, cond))
	if errors.Is(err, store.ErrPrecondition) {
		// The answer to an earlier try may have been lost on the way.
		o, readErr := k.state.Get(ctx, history.HeadKey)
		switch {
		case readErr == nil && bytes.Equal(o.Body, body):
			written.ETag, err = o.ETag, nil
		case errors.Is(readErr, store.ErrDeleted) && cond.IfAbsent:
			err = fmt.Errorf("the state at %s was deleted, and its store takes what was deleted for what is there: delete its earlier versions too", k.state)
		}
	}
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.head, k.etag = head, written.ETag
	k.mu.Unlock()
	began := k.began
	k.renewed.Store(&began)
	if k.expiry != nil {
		k.expiry.Reset(k.life() - time.Since(began))
	}
	return nil
}

// close stops the renewal and gives the lease back, even when ctx was cancelled,
// so that the next deploy need not wait for it to run out: for that long it is
// tried, or for closeTimeout once there is a failure or a signal. Swept tells that
// the live release's deletes are done.
func (k *keeper) close(ctx context.Context, swept, failed bool) error {
	lost := errors.Is(context.Cause(k.ctx), manifest.ErrLeaseLost)
	k.cancel(nil)
	<-k.done
	defer k.expiry.Stop()
	if lost || k.current().Lease == nil {
		return nil
	}
	limit := max(k.ttl, closeTimeout)
	if failed {
		limit = closeTimeout
	}
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(closeTimeout, cancel) })()
	err := k.update(closing, func(h manifest.Head) manifest.Head { return h.Release(swept) })
	if err != nil && !errors.Is(err, manifest.ErrLeaseLost) {
		return fmt.Errorf("the lease could not be given back, and blocks other deploys until it ends by itself in %s: %w", k.ttl, err)
	}
	return nil
}
