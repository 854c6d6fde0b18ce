package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// publish carries the plan out under the lease. Each step starts only when the
// one before it is wholly done.
func (d *run) publish(ctx context.Context) error {
	if !d.plan.Empty() {
		if err := d.begin(ctx); err != nil {
			return err
		}
	}
	if err := d.keep(ctx); err != nil {
		return err
	}
	d.writing = d.opts.Now()
	d.all.Total, d.all.TotalBytes = d.plan.Writes()
	if !d.from.sends() {
		d.all.TotalBytes = 0
	}
	for _, phase := range d.plan.Phases {
		if err := d.write(ctx, phase); err != nil {
			return err
		}
	}
	if err := d.publishRedirects(ctx); err != nil {
		return err
	}
	if err := d.timed("commit", func() error { return d.commit(ctx) }); err != nil {
		return err
	}
	d.result.Live = true
	if d.opts.Invalidate != nil && !d.plan.Empty() {
		err := d.timed("invalidate", func() error { return d.opts.Invalidate(ctx, d.result) })
		if err != nil {
			d.warn("the release is live at the origin, but the CDN was not told: %v", err)
		}
	}
	d.sweep(ctx)
	return nil
}

// begin writes down what is about to be done, so that whoever finds the
// destination half done knows what is in doubt.
func (d *run) begin(ctx context.Context) error {
	delta := d.plan.Delta()
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error { return d.putManifest(groupCtx, history.PlanKey(d.plan.Next.Sequence), &delta) })
	group.Go(func() error { return d.askVersions(groupCtx) })
	if err := group.Wait(); err != nil {
		return err
	}
	if stager, ok := d.dest.Site.(store.Stager); ok {
		return stager.Stage(ctx, d.plan.Next.Sequence)
	}
	return nil
}

func (d *run) putManifest(ctx context.Context, key string, m *manifest.Manifest) error {
	body, err := m.Encode()
	if err != nil {
		return err
	}
	if err := d.lease.valid(); err != nil {
		return err
	}
	// The key has the lease's own number in it: nobody else writes there.
	_, err = d.dest.State.Put(ctx, store.SmallPut(key, manifest.StateHeaders, body, store.Condition{}))
	return err
}

// commit makes the release the live one: marker, then manifest, then head.
func (d *run) commit(ctx context.Context) error {
	next := &d.plan.Next
	if err := d.putMarker(ctx); err != nil {
		return err
	}
	if stager, ok := d.dest.Site.(store.Stager); ok {
		if err := d.lease.valid(); err != nil {
			return err
		}
		if err := stager.Publish(ctx); err != nil {
			return err
		}
	}
	live := manifest.Live{
		Sequence: next.Sequence, Manifest: next.Sequence, Release: next.Release, Numbered: d.isNumbered(), Rollback: d.rollback,
		Commit: next.Commit, At: next.At, Files: len(next.Entries), Pages: next.Pages(), Bytes: next.Bytes(),
		Swept: len(d.plan.Deletes) == 0,
	}
	if d.holdsAlready() {
		live.Manifest = d.head.Live.Manifest
	} else if err := d.putManifest(ctx, history.ManifestKey(next.Sequence), next); err != nil {
		return err
	}
	if err := d.lease.valid(); err != nil {
		return err
	}
	d.committing = true
	return d.lease.update(ctx, func(h manifest.Head) manifest.Head {
		h = h.Commit(live)
		h.RedirectStore = d.redirectStore()
		if live.Swept && d.opts.Invalidate == nil && next.Sequence%tidyEvery != 0 {
			h = h.Release(true) // nothing is left to do: one request less
		}
		return h
	})
}

// isNumbered tells whether the release's number was given and not counted here. A
// deploy by hand keeps the number of the one before, and so that it was given.
func (d *run) isNumbered() bool {
	switch {
	case d.rollback:
		return d.numbered
	case d.opts.Release > 0:
		return true
	}
	return d.head.Live != nil && d.head.Live.Numbered
}

// holdsAlready tells whether the live manifest is true of this release too, so
// that an unchanged site costs a handful of requests whatever its size.
func (d *run) holdsAlready() bool {
	return d.head.Live != nil && d.plan.Empty() && d.plan.Retired == 0 && len(d.base.Pending) == 0 && d.base.Swept &&
		d.base.Live.Site == d.opts.Site && slices.Equal(d.plan.Next.Entries, d.base.Live.Entries)
}

func (d *run) putMarker(ctx context.Context) error {
	next := &d.plan.Next
	body, err := manifest.Marker{
		Site: next.Site, Release: next.Release, Commit: next.Commit, Sequence: next.Sequence, At: next.At,
	}.Encode()
	if err != nil {
		return err
	}
	if err := d.lease.valid(); err != nil {
		return err
	}
	_, err = d.dest.Site.Put(ctx, store.SmallPut(manifest.MarkerPath, manifest.MarkerHeaders, body, store.Condition{}))
	return err
}

// sweep deletes what the build no longer has. The release is live: what can't be
// deleted now is a warning, and the next deploy tries again.
func (d *run) sweep(ctx context.Context) {
	d.swept = true
	if len(d.plan.Deletes) > 0 {
		d.settleRedirects(ctx)
		err := d.timed("deletes", func() error { return d.deleteAll(ctx) })
		if err != nil {
			d.swept = false
			d.warn("%v; the next deploy will try again", err)
		}
		d.result.Phases[len(d.result.Phases)-1].Files = d.result.Deleted
	}
	d.tidy(ctx)
}

func (d *run) deleteAll(ctx context.Context) error {
	var first error
	failed := 0
	for _, turn := range d.plan.DeletesInTurn() {
		dels := make([]store.Deletion, len(turn))
		for i, e := range turn {
			dels[i] = store.Deletion{Key: e.Path, ETag: e.ETag}
		}
		dels, err := d.stillOurs(ctx, dels)
		if err != nil {
			return err
		}
		if err := d.lease.valid(); err != nil {
			return err
		}
		for i, err := range d.dest.Site.Delete(ctx, dels) {
			if errors.Is(err, store.ErrPrecondition) {
				err = d.deleteAgain(ctx, dels[i], err)
			}
			if err == nil {
				d.result.Deleted++
				continue
			}
			failed++
			if first == nil {
				first = err
			}
		}
		if failed > 0 {
			return fmt.Errorf("%d of %d files could not be deleted, the first of them: %w", failed, len(d.plan.Deletes), first)
		}
	}
	return nil
}

// deleteAgain tells a passing conflict from a file that somebody else has put in
// the place of ours, which stays.
func (d *run) deleteAgain(ctx context.Context, del store.Deletion, refused error) error {
	info, err := d.dest.Site.Stat(ctx, del.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case info.ETag != del.ETag:
		return refused
	}
	if err := d.lease.valid(); err != nil {
		return err
	}
	return d.dest.Site.Delete(ctx, []store.Deletion{del})[0]
}
