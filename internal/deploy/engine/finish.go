package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// published is a deploy whose release is live. What fails from here on is a warning.
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
			p.warn("the release is live at the origin, but the CDN was not told: %v", err)
		}
	}
	swept = p.sweep(ctx)
	p.checkListing(ctx)
	p.tidy(ctx)
	return swept
}

// sweep deletes the files that the build no longer has. What can't be deleted now, the
// next deploy tries again.
func (p *published) sweep(ctx context.Context) (swept bool) {
	turns := p.work.plan.DeletesInTurn()
	if len(turns) == 0 {
		return true
	}
	if p.work.redirects != nil {
		p.work.redirects.Settle(ctx)
	}
	began := p.now()
	before := p.result.Deleted
	err := p.deleteAll(ctx, turns)
	p.phase("deletes", began, p.result.Deleted-before, 0)
	if err != nil {
		p.warn("%v; the next deploy will try again", err)
	}
	return err == nil
}

func (p *published) deleteAll(ctx context.Context, turns [][]plan.Delete) error {
	var first error
	failed := 0
	for _, turn := range turns {
		dels := make([]store.Deletion, len(turn))
		for i, e := range turn {
			dels[i] = store.Deletion{Key: e.Path, ETag: e.ETag}
		}
		dels, err := p.stillManaged(ctx, dels)
		if err != nil {
			return err
		}
		if err := p.lease.Valid(); err != nil {
			return err
		}
		for i, err := range p.dest.Site.Delete(ctx, dels) {
			if errors.Is(err, store.ErrPrecondition) {
				err = p.deleteAgain(ctx, dels[i], err)
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

// deleteAgain tells a passing conflict from a file that somebody else has put in the
// place of a managed one; that stays.
func (p *published) deleteAgain(ctx context.Context, del store.Deletion, refused error) error {
	info, err := p.dest.Site.Stat(ctx, del.Key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	case info.ETag != del.ETag:
		return refused
	}
	if err := p.lease.Valid(); err != nil {
		return err
	}
	return p.dest.Site.Delete(ctx, []store.Deletion{del})[0]
}

// stillManaged leaves out of deletes each file that is no longer the one that Pressrun
// wrote, where the store would delete it all the same.
func (p *published) stillManaged(ctx context.Context, dels []store.Deletion) ([]store.Deletion, error) {
	if !p.work.capabilities.AnyMissing(store.MissingDeleteIfMatch) {
		return dels, nil
	}
	paths := make([]string, len(dels))
	for i, del := range dels {
		paths[i] = del.Key
	}
	seen, err := p.look(ctx, paths)
	if err != nil {
		return nil, err
	}
	kept := dels[:0]
	for _, del := range dels {
		if s := seen[del.Key]; !s.Exists || del.ETag == "" || s.ETag == del.ETag {
			kept = append(kept, del)
			continue
		}
		p.warn("%s was changed by someone else, and stays", del.Key)
	}
	return kept, nil
}

// tidyEvery so many deploys, what no kept release needs any more is deleted: it
// takes a listing, which is not worth making each time.
const tidyEvery = 10

// tidy deletes manifests and content of releases that are no longer kept.
func (p *published) tidy(ctx context.Context) {
	if p.work.plan.Next.Sequence%tidyEvery != 0 {
		return
	}
	// All that is written and deleted is: what it was planned from takes memory that
	// other manifests need now.
	*p.work = planned{}
	t := history.Tidier{Dest: p.dest, Site: p.opts.Site, Keep: max(0, p.opts.KeepReleases), May: p.lease.Valid}
	if err := p.timed("tidy", func() error { return t.Tidy(ctx, p.lease.Head()) }); err != nil {
		p.warn("old releases could not be tidied away: %v; a later deploy will try again", err)
	}
}
