package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/capability"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// leased is a deploy that has the right to write, and what it is to write.
type leased struct {
	*deployment
	work  *planned
	lease *lease.Lease

	versioned  bool // the site's store keeps what is overwritten, under its version id
	committing bool // the head was to be swapped: the release may be live
}

// swapTries is how often in a row somebody else may be the first to swap the head.
const swapTries = 10

// lock plans, and takes the lease by swapping the very head that the plan was made
// from. Whoever else swaps it first wins, and this deploy plans again.
func (c *checked) lock(ctx context.Context) (*leased, error) {
	deadline := c.now().Add(c.opts.LockWait)
	for lost := 0; ; {
		l, err := c.tryLock(ctx)
		var locked *manifest.LockedError
		switch {
		case err == nil:
			return l, nil
		case errors.As(err, &locked):
			lost = 0
			if c.opts.LockWait < 0 || !c.now().Before(deadline) {
				return nil, err
			}
			c.emit(deploy.Event{Phase: "waiting for another deploy", Elapsed: c.now().Sub(c.began)})
		case !errors.Is(err, store.ErrPrecondition):
			return nil, err
		default:
			if lost++; lost == swapTries {
				return nil, fmt.Errorf("the head at %s can't be swapped: %d times it had changed since it was read; look whether deploys are begun there all the time, or whether something between here and the store gives old answers: %w",
					c.dest.State, lost, err)
			}
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		r, err := c.read.again(ctx)
		if err != nil {
			return nil, err
		}
		if c, err = r.check(ctx); err != nil {
			return nil, err
		}
	}
}

func (c *checked) tryLock(ctx context.Context) (*leased, error) {
	head, err := c.read.head.Acquire(c.opts.Owner, c.opts.Site, c.read.head.Age, c.opts.LeaseTTL)
	if err != nil {
		return nil, err
	}
	p, err := c.plan(ctx)
	if err != nil {
		return nil, err
	}
	return p.take(ctx, head)
}

// take takes the lease by writing the head that has it.
func (p *planned) take(ctx context.Context, head manifest.Head) (*leased, error) {
	if !p.plan.Empty() {
		head = head.Begin()
	}
	if p.redirects != nil && !p.redirects.Done() {
		head.RedirectStore = p.redirectStore() // if this one dies, the next has to know of it
	}
	held, err := lease.Take(ctx, p.dest.State, head, p.head.ETag, p.opts.LeaseTTL)
	if err != nil {
		return nil, err
	}
	l := &leased{deployment: p.deployment, work: p, lease: held}
	if p.capabilities == nil {
		if err := l.findCapabilities(held.Context()); err != nil {
			return nil, errors.Join(err, held.Release(ctx, false, true))
		}
	}
	p.result.MissingCapabilities = p.capabilities.Missing
	return l, nil
}

// findCapabilities tries what the store can do, at the first deploy to it.
func (l *leased) findCapabilities(ctx context.Context) error {
	missing, tried, err := capability.Find(ctx, l.dest, l.lease.Valid)
	if err != nil {
		return err
	}
	for _, m := range missing {
		l.warn("the store at %s %s", tried, m)
	}
	found := store.Capabilities{Missing: missing}
	l.lease.SetCapabilities(found)
	l.work.capabilities = &found
	return l.work.suitStore(ctx)
}
