package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// end gives the lease back and settles what became of the deploy. What fails once
// the release is live does not fail it.
func (d *run) end(ctx context.Context, err error) error {
	closed := d.lease.close(ctx, d.swept, err != nil)
	if err != nil && d.committing {
		err = d.outcome(ctx, err)
	}
	if !d.result.Live {
		return errors.Join(err, d.discard(), closed)
	}
	if closed != nil {
		d.warn("%v", closed)
	}
	return err
}

// outcome finds out whether a commit arrived that seems to have failed. It is asked
// once the lease is given back, which no commit that is still on its way survives.
func (d *run) outcome(ctx context.Context, failed error) error {
	head := d.lease.current()
	if head.Lease != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		found, err := history.ReadHead(ctx, d.dest.State, d.opts.Site)
		if err != nil {
			return fmt.Errorf("%w; whether the release is live is not known, since the store can't be asked (%w): deploy again, which finishes it", failed, err)
		}
		head = found.Head
	}
	if !head.Committed(d.plan.Next.Sequence) {
		return failed
	}
	d.result.Live = true
	d.warn("the release is live, though the store's answer was lost (%v); files that it dropped are deleted by the next deploy", failed)
	return nil
}

// discard gives up what a deploy that failed has staged. The next one may have
// the same destination at hand, and must not take it for what visitors see.
func (d *run) discard() error {
	stager, ok := d.dest.Site.(store.Stager)
	if !ok {
		return nil
	}
	return stager.Discard()
}
