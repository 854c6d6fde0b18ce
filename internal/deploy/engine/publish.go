package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// publish carries the plan out under the lease, up to the commit. Each step starts
// only when the one before it is wholly done.
func (l *leased) publish(ctx context.Context) (*published, error) {
	if !l.work.plan.Empty() {
		if err := l.begin(ctx); err != nil {
			return nil, err
		}
	}
	if err := l.keep(ctx); err != nil {
		return nil, err
	}
	if err := l.write(ctx); err != nil {
		return nil, err
	}
	if s := l.work.redirects; s != nil && !s.Done() {
		if err := l.timed("redirect store", func() error { return s.Write(ctx, l.lease.Valid) }); err != nil {
			return nil, err
		}
	}
	if err := l.timed("commit", func() error { return l.commit(ctx) }); err != nil {
		return nil, err
	}
	l.result.Live = true
	return &published{l.deployment, l.work, l.lease}, nil
}

// begin writes the plan before the first write, so that a deploy that finds the
// destination half done knows which files are in doubt.
func (l *leased) begin(ctx context.Context) error {
	delta := l.work.plan.Delta()
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.putManifest(groupCtx, history.PlanKey(l.work.plan.Next.Sequence), &delta) })
	group.Go(func() error { return l.askVersions(groupCtx) })
	if err := group.Wait(); err != nil {
		return err
	}
	if stager, ok := l.dest.Site.(store.Stager); ok {
		return stager.Stage(ctx, l.work.plan.Next.Sequence)
	}
	return nil
}

func (l *leased) putManifest(ctx context.Context, key string, m *manifest.Manifest) error {
	body, err := m.Encode()
	if err != nil {
		return err
	}
	if err := l.lease.Valid(); err != nil {
		return err
	}
	// The key has the lease's own number in it: nobody else writes there.
	_, err = l.dest.State.Put(ctx, store.SmallPut(key, manifest.StateHeaders, body, store.Condition{}))
	return err
}

// commit makes the release the live one: marker, then manifest, then head.
func (l *leased) commit(ctx context.Context) error {
	next := &l.work.plan.Next
	if err := l.putMarker(ctx); err != nil {
		return err
	}
	if stager, ok := l.dest.Site.(store.Stager); ok {
		if err := l.lease.Valid(); err != nil {
			return err
		}
		if err := stager.Publish(ctx); err != nil {
			return err
		}
	}
	live := manifest.Live{
		Sequence: next.Sequence, Manifest: next.Sequence, Release: next.Release, Numbered: l.isNumbered(), Rollback: l.back != nil,
		Commit: next.Commit, At: next.At, Files: len(next.Entries), Pages: next.Pages(), Bytes: next.Bytes(),
		Swept: len(l.work.plan.Deletes) == len(l.work.plan.First()),
	}
	if l.holdsAlready() {
		live.Manifest = l.work.head.Live.Manifest
	} else if err := l.putManifest(ctx, history.ManifestKey(next.Sequence), next); err != nil {
		return err
	}
	if err := l.lease.Valid(); err != nil {
		return err
	}
	l.committing = true
	return l.lease.Update(ctx, func(h manifest.Head) manifest.Head {
		h = h.Commit(live)
		h.RedirectStore = l.redirectStore()
		if live.Swept && l.opts.Invalidate == nil && next.Sequence%tidyEvery != 0 && !l.work.listingUnchecked() {
			h = h.Release(true) // nothing is left to do: one request less
		}
		return h
	})
}

// isNumbered says whether the release's number was given and not counted here. A
// deploy by hand keeps the number of the one before, and so that it was given.
func (l *leased) isNumbered() bool {
	switch {
	case l.back != nil:
		return l.back.Numbered
	case l.opts.Release > 0:
		return true
	}
	return l.work.head.Live != nil && l.work.head.Live.Numbered
}

// holdsAlready says whether the live manifest is true of this release too, so
// that an unchanged site costs a handful of requests whatever its size.
func (l *leased) holdsAlready() bool {
	return l.work.head.Live != nil && l.work.plan.Empty() && l.work.plan.Retired == 0 && len(l.work.known.Pending) == 0 && l.work.known.Swept &&
		l.work.known.Live.Site == l.opts.Site && slices.Equal(l.work.plan.Next.Entries, l.work.known.Live.Entries)
}

func (l *leased) putMarker(ctx context.Context) error {
	next := &l.work.plan.Next
	body, err := manifest.Marker{
		Site: next.Site, Release: next.Release, Commit: next.Commit, Sequence: next.Sequence, At: next.At,
	}.Encode()
	if err != nil {
		return err
	}
	if err := l.lease.Valid(); err != nil {
		return err
	}
	_, err = l.dest.Site.Put(ctx, store.SmallPut(manifest.MarkerPath, manifest.MarkerHeaders, body, store.Condition{}))
	return err
}

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

// discard gives up the files that a failed deploy has staged. The next one may have the
// same destination at hand, and must not take it for what visitors see.
func (l *leased) discard() error {
	stager, ok := l.dest.Site.(store.Stager)
	if !ok {
		return nil
	}
	return stager.Discard()
}
