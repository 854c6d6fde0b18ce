package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/capability"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/sleep"
)

// leased is a deploy that holds the lease, and its plan.
type leased struct {
	*deployment
	work  *planned
	lease *lease.Lease

	versioned  bool // the site's store keeps overwritten objects, under their version ids
	committing bool // the swap of the head was begun: the release may be live
}

// swapTries is how often in a row another deploy may swap the head first.
const swapTries = 10

// lock plans, and takes the lease by swapping the head from which the plan was made. If
// another deploy swaps it first, that one wins, and this deploy plans again.
func (c *checked) lock(ctx context.Context) (*leased, error) {
	deadline := c.now().Add(c.opts.LockWait)
	for lost := 0; ; {
		l, err := c.tryLock(ctx)
		_, locked := errors.AsType[*manifest.LockedError](err)
		switch {
		case err == nil:
			return l, nil
		case locked && c.opts.LockWait >= 0:
			lost = 0
			if err := c.outwait(ctx, err, deadline); err != nil {
				return nil, err
			}
		case locked || !errors.Is(err, store.ErrPrecondition):
			return nil, err
		default:
			if lost++; lost == swapTries {
				return nil, fmt.Errorf("the head at %s can't be swapped: %d times it had changed since it was read; check whether deploys begin there all the time, or a cache between here and the store gives old answers: %w",
					c.dest.State, lost, err)
			}
			if err := sleep.For(ctx, lease.PollInterval); err != nil {
				return nil, err
			}
		}
		r, err := c.read.reread(ctx)
		if err != nil {
			return nil, err
		}
		if c, err = r.check(ctx); err != nil {
			return nil, err
		}
	}
}

// outwait waits for the end of another deploy's lease, and returns locked at the deadline.
// It reads only the head: reading and checking a large site takes seconds, and both may
// change until the lease is free.
func (c *checked) outwait(ctx context.Context, locked error, deadline time.Time) error {
	for locked != nil {
		if !c.now().Before(deadline) {
			return locked
		}
		c.emit(deploy.Event{Phase: "waiting for another deploy", Elapsed: c.now().Sub(c.began)})
		if err := sleep.For(ctx, lease.PollInterval); err != nil {
			return err
		}
		head, err := history.ReadHead(ctx, c.dest.State, c.opts.Site)
		if err != nil {
			return err
		}
		_, locked = head.Acquire(c.opts.Owner, c.opts.Site, head.Age, c.opts.LeaseTTL)
	}
	return nil
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

// take takes the lease by writing a head with it.
func (p *planned) take(ctx context.Context, head manifest.Head) (*leased, error) {
	if !p.plan.Empty() {
		head = head.Begin()
	}
	if p.redirects != nil && !p.redirects.Done() {
		head.RedirectStore = p.redirectStore() // if this deploy dies, the next one has to know of it
	}
	held, err := lease.Take(ctx, p.dest.State, head, p.head.ETag, p.opts.LeaseTTL)
	if err != nil {
		return nil, err
	}
	l := &leased{deployment: p.deployment, work: p, lease: held}
	err = l.confirm(held.Context())
	if err == nil {
		err = l.probeStore(held.Context())
	}
	if err == nil {
		err = l.checkFreed(held.Context())
	}
	if err != nil {
		return nil, errors.Join(err, held.Release(ctx, false, true))
	}
	p.result.MissingCapabilities = p.capabilities.Missing
	return l, nil
}

// confirm calls Options.Confirm, now that nobody else can change the destination.
func (l *leased) confirm(ctx context.Context) error {
	if l.opts.Confirm == nil {
		return nil
	}
	return l.opts.Confirm(ctx)
}

// probeStore finds out the store's capabilities, at the first deploy to it.
func (l *leased) probeStore(ctx context.Context) error {
	known := l.work.capabilities
	if known != nil && known.NestingTried {
		return nil
	}
	found := store.Capabilities{}
	if known != nil { // of an earlier version
		found = *known
	} else {
		missing, tried, err := capability.Find(ctx, l.dest, l.lease.Valid)
		if err != nil {
			return err
		}
		for _, m := range missing {
			l.warn("the store at %s %s", tried, m)
		}
		found.Missing = missing
	}
	nests, err := capability.Nests(ctx, l.dest, l.lease.Valid)
	if err != nil {
		return err
	}
	if found.NestingTried = true; !nests && !l.folder() {
		l.note("the store at %s %s", l.dest.Site, store.MissingNestedKeys)
		found.Missing = append(slices.Clone(found.Missing), store.MissingNestedKeys)
		slices.Sort(found.Missing)
	}
	l.lease.SetCapabilities(found)
	l.work.capabilities = &found
	return l.work.adaptToStore(ctx)
}
