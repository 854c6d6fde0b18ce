package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// end gives the lease back and settles what became of the deploy. What fails once
// the release is live does not fail it.
func (l *leased) end(ctx context.Context, swept bool, err error) error {
	closed := l.lease.Release(ctx, swept, err != nil)
	if err != nil && l.committing {
		err = l.outcome(ctx, err)
	}
	if !l.result.Live {
		return errors.Join(err, l.discard(), closed)
	}
	if closed != nil {
		l.warn("%v", closed)
	}
	return err
}

// outcome finds out whether a commit arrived that seems to have failed. It is asked
// once the lease is given back, which no commit that is still on its way survives.
func (l *leased) outcome(ctx context.Context, failed error) error {
	head := l.lease.Head()
	if head.Lease != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease.CloseTimeout)
		defer cancel()
		found, err := history.ReadHead(ctx, l.dest.State, l.opts.Site)
		if err != nil {
			return fmt.Errorf("%w; whether the release is live is not known, since the store can't be asked (%w): deploy again, which finishes it", failed, err)
		}
		head = found.Head
	}
	if !head.Committed(l.work.plan.Next.Sequence) {
		return failed
	}
	l.result.Live = true
	l.warn("the release is live, though the store's answer was lost (%v); files that it dropped are deleted by the next deploy", failed)
	return nil
}

// discard gives up what a deploy that failed has staged. The next one may have
// the same destination at hand, and must not take it for what visitors see.
func (l *leased) discard() error {
	stager, ok := l.dest.Site.(store.Stager)
	if !ok {
		return nil
	}
	return stager.Discard()
}
