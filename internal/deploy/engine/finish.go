package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// published is a deploy whose release is live. Failures from here on are warnings.
type published struct {
	*deployment
	work  *planned
	lease *lease.Lease
}

// finish purges the CDN, and deletes the files that the release drops; swept says that
// all of them are deleted.
func (p *published) finish(ctx context.Context) (swept bool) {
	if p.opts.Invalidate != nil && !p.work.plan.Empty() {
		err := p.timed("invalidate", func() error { return p.opts.Invalidate(ctx, p.result) })
		if err != nil {
			p.warn("the release is live at the origin, but the CDN was not purged: %v", err)
		}
	}
	swept = p.sweep(ctx)
	p.checkListing(ctx)
	p.tidy(ctx)
	return swept
}

// sweep deletes the files that the release drops. The next deploy tries those again that
// could not be deleted.
func (p *published) sweep(ctx context.Context) (swept bool) {
	batches := p.work.plan.DeleteBatches()
	if len(batches) == 0 {
		return true
	}
	if p.work.redirects != nil {
		p.work.redirects.AwaitPropagation(ctx)
	}
	began := p.now()
	before := p.result.Deleted
	err := p.deleteAll(ctx, batches)
	p.phase("deletes", began, p.result.Deleted-before, 0)
	if err != nil {
		p.warn("%v; the next deploy will try again", err)
	}
	return err == nil
}

func (p *published) deleteAll(ctx context.Context, batches [][]plan.Delete) error {
	var first error
	failed := 0
	for _, batch := range batches {
		dels, err := p.stillManaged(ctx, deletions(batch))
		if err != nil {
			return err
		}
		if err := p.lease.Valid(); err != nil {
			return err
		}
		for i, err := range p.dest.Site.Delete(ctx, dels) {
			if errors.Is(err, store.ErrPrecondition) {
				err = p.deleteAgain(ctx, p.lease, dels[i], err)
			}
			if err == nil {
				p.result.Deleted++
				continue
			}
			failed++
			if first == nil {
				first = err
			}
		}
		if failed > 0 {
			return fmt.Errorf("%d of %d files could not be deleted, the first of them: %w", failed, len(p.work.plan.Deletes), first)
		}
	}
	return nil
}

func deletions(of []plan.Delete) []store.Deletion {
	dels := make([]store.Deletion, len(of))
	for i, e := range of {
		dels[i] = store.Deletion{Key: e.Path, ETag: e.ETag}
	}
	return dels
}

// deleteAgain repeats a delete whose condition failed for a transient conflict. It returns
// changed, and deletes nothing, if somebody else has changed the file.
func (d *deployment) deleteAgain(ctx context.Context, held *lease.Lease, del store.Deletion, changed error) error {
	info, err := d.dest.Site.Stat(ctx, del.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case info.ETag != del.ETag:
		return changed
	}
	if err := held.Valid(); err != nil {
		return err
	}
	return d.dest.Site.Delete(ctx, []store.Deletion{del})[0]
}

// stillManaged leaves out of the deletes, on a store without conditional deletes, the files
// that somebody else has changed.
func (p *published) stillManaged(ctx context.Context, dels []store.Deletion) ([]store.Deletion, error) {
	if !p.work.capabilities.AnyMissing(store.MissingDeleteIfMatch) {
		return dels, nil
	}
	changed, err := p.changedByOthers(ctx, dels)
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		p.warn("%s is not deleted: someone else has changed it", key)
	}
	return slices.DeleteFunc(dels, func(del store.Deletion) bool { return changed[del.Key] }), err
}

// tidyEvery is how many deploys there are for each that tidies: that takes a listing, which
// is not worth its requests each time.
const tidyEvery = 10

// tidy deletes state and kept content that no kept release needs.
func (p *published) tidy(ctx context.Context) {
	if p.work.plan.Next.Sequence%tidyEvery != 0 {
		return
	}
	// The plan is done with: its memory is needed for the manifests of other releases.
	*p.work = planned{}
	t := history.Tidier{Dest: p.dest, Site: p.opts.Site, Keep: max(0, p.opts.KeepReleases), Valid: p.lease.Valid}
	if err := p.timed("tidy", func() error { return t.Tidy(ctx, p.lease.Head()) }); err != nil {
		p.warn("old releases could not be deleted: %v; a later deploy will try again", err)
	}
}
