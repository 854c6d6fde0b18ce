package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Rollback makes an earlier release the live one again, without a build, at the
// cost of the difference; release 0 is the one before the live one. It goes
// through the same phases, guards and lease as a deploy. Source, Release and
// Rules of the options are not used.
func Rollback(ctx context.Context, dest store.Destination, release int64, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	head, err := history.ReadHead(ctx, dest.State, opts.Site)
	if err != nil {
		return deploy.Result{}, err
	}
	target, err := head.Find(release)
	if err != nil {
		return deploy.Result{}, err
	}
	opts.Release, opts.Commit = target.Release, target.Commit
	from := &kept{dest: dest, site: opts.Site, release: target, missing: func(e manifest.Entry) error {
		return fmt.Errorf("release %d can't be put back, since the content of %s is no longer kept: %s",
			target.Release, e.Path, instead(target))
	}}
	return carryOut(ctx, &run{dest: dest, opts: opts, from: from, began: opts.Now(), rollback: true, numbered: target.Numbered})
}

// complete makes sure, before the first write, that all content of a release that
// is put in place by copies is there. A file of which only a header has to go may
// have its content nowhere but in its place, from where keep takes it.
func (d *run) complete(ctx context.Context, from *kept) error {
	var mu sync.Mutex
	d.inPlace = nil
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(d.opts.Concurrency, sideLimit))
	for _, phase := range d.plan.Phases {
		for _, w := range phase.Writes {
			if !w.Sends() {
				continue
			}
			entry := d.plan.Next.Entries[w.Index]
			group.Go(func() error {
				there, err := from.find(ctx, entry)
				switch {
				case err != nil || there:
					return err
				case w.Reason != plan.ReasonHeaders || d.dest.KeptPrefix == "":
					return from.missing(entry)
				}
				entry.ETag = w.If.IfMatch
				mu.Lock()
				defer mu.Unlock()
				d.inPlace = append(d.inPlace, entry)
				return nil
			})
		}
	}
	return group.Wait()
}

// keep copies what is about to be overwritten or deleted to where a rollback
// finds it. The copies are made by the store: nothing is sent.
func (d *run) keep(ctx context.Context) error {
	replaced := d.replaced()
	if len(replaced) == 0 {
		return nil
	}
	return d.timed("keep", func() error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(min(d.opts.Concurrency, sideLimit))
		for _, e := range replaced {
			group.Go(func() error {
				if err := d.lease.valid(); err != nil {
					return err
				}
				c := store.Copy{Key: keptKey(d.dest.KeptPrefix, e.Sum), From: e.Path, FromTag: e.ETag, Headers: manifest.StateHeaders, Size: e.Size}
				if d.dest.Kept != nil {
					c.FromStore = d.dest.Site
				}
				_, err := d.dest.Keeper().Copy(ctx, c)
				// What somebody else has put there is not the release's.
				if errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
					return nil
				}
				return err
			})
		}
		return group.Wait()
	})
}

// replaced is what keep will copy.
func (d *run) replaced() []manifest.Entry {
	if d.dest.KeptPrefix == "" || d.opts.KeepReleases < 0 || d.head.Live == nil || d.lacks(store.MissingCopies) {
		return d.inPlace
	}
	return append(d.plan.Replaced(&d.base.Live, !d.copyAll), d.inPlace...)
}
