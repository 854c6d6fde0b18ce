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

// publish carries the plan out under the lease, up to the commit. Each step starts only
// when the one before it is complete.
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

// begin writes the write-ahead manifest: if this deploy dies, the next one learns from it
// which files are in doubt.
func (l *leased) begin(ctx context.Context) error {
	delta := l.work.plan.Delta()
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return l.putManifest(groupCtx, history.PlanKey(l.work.plan.Next.Sequence), &delta) })
	group.Go(func() error { return l.checkVersioning(groupCtx) })
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
	// The key has the lease's sequence number: nobody else writes it.
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
		Sequence: next.Sequence, Manifest: next.Sequence, Release: next.Release, Numbered: l.isNumbered(), Rollback: l.rollback != nil,
		Commit: next.Commit, At: next.At, Files: len(next.Entries), Pages: next.Pages(), Bytes: next.Bytes(),
		Swept: len(l.work.plan.Deletes) == len(l.work.plan.EarlyDeletes()),
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

// isNumbered says whether the caller gave the release's number. A deploy without a number
// keeps the number of the release before, if the caller gave that.
func (l *leased) isNumbered() bool {
	switch {
	case l.rollback != nil:
		return l.rollback.Numbered
	case l.opts.Release > 0:
		return true
	}
	return l.work.head.Live != nil && l.work.head.Live.Numbered
}

// holdsAlready says whether the live manifest is also this release's: then none is written,
// and an unchanged site costs a handful of requests.
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

// end gives the lease back, and finds out whether the release is live. Failures after it
// is are warnings.
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

// outcome finds out whether a commit that reported an error has succeeded. It reads the
// head once the lease is given back: a commit that arrives later fails.
func (l *leased) outcome(ctx context.Context, failed error) error {
	head := l.lease.Head()
	if head.Lease != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lease.CloseTimeout)
		defer cancel()
		found, err := history.ReadHead(ctx, l.dest.State, l.opts.Site)
		if err != nil {
			return fmt.Errorf("%w; the release may be live, but the store can't be read (%w): deploy again, which finishes it", failed, err)
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

// discard removes the staged files of a failed deploy: the next one with the same
// destination must not take them for the live site.
func (l *leased) discard() error {
	stager, ok := l.dest.Site.(store.Stager)
	if !ok {
		return nil
	}
	return stager.Discard()
}
