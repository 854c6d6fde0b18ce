package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// swapTries is how often in a row somebody else may be the first to swap the head.
const swapTries = 10

// planAndLock plans, and takes the lease by swapping the very head that the plan
// was made from. Whoever else swaps it first wins, and this deploy plans again.
func (d *run) planAndLock(ctx context.Context) error {
	deadline := d.opts.Now().Add(d.opts.LockWait)
	for lost := 0; ; {
		err := d.tryLock(ctx)
		var locked *manifest.LockedError
		switch {
		case err == nil:
			return nil
		case errors.As(err, &locked):
			lost = 0
			if d.opts.LockWait < 0 || !d.opts.Now().Before(deadline) {
				return err
			}
			d.opts.Progress(deploy.Event{Phase: "waiting for another deploy", Elapsed: d.opts.Now().Sub(d.began)})
		case !errors.Is(err, store.ErrPrecondition):
			return err
		default:
			if lost++; lost == swapTries {
				return fmt.Errorf("the head at %s can't be swapped: %d times it had changed since it was read; look whether deploys are begun there all the time, or whether something between here and the store gives old answers: %w",
					d.dest.State, lost, err)
			}
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if err := d.readState(ctx); err != nil {
			return err
		}
		if err := d.check(ctx); err != nil {
			return err
		}
	}
}

func (d *run) tryLock(ctx context.Context) error {
	head, err := d.head.Acquire(d.opts.Owner, d.opts.Site, d.head.Age, d.opts.LeaseTTL)
	if err != nil {
		return err
	}
	if err := d.makePlan(ctx); err != nil {
		return err
	}
	if !d.plan.Empty() {
		head = head.Begin()
	}
	if d.redirects != nil && !d.redirects.noted {
		head.RedirectStore = d.redirectStore() // if this one dies, the next has to know of it
	}
	k := &keeper{state: d.dest.State, ttl: d.opts.LeaseTTL, etag: d.head.ETag, turn: make(chan struct{}, 1)}
	if err := k.swap(ctx, head); err != nil {
		return err
	}
	k.start(ctx)
	d.lease = k
	if head.Store == nil {
		err := d.probe(k.ctx)
		if err == nil {
			err = d.suitStore(k.ctx)
		}
		if err != nil {
			return errors.Join(err, k.close(ctx, false, true))
		}
	}
	if seen := k.current().Store; seen != nil {
		d.result.StoreLacks = seen.Lacks
	}
	return nil
}
