package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// read scans the build while the destination's state is fetched.
func (d *run) read(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		d.tree, err = d.from.read(ctx)
		return err
	})
	if d.dest.State != nil {
		group.Go(func() error { return d.readState(ctx) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := d.readRuleFiles(); err != nil {
		return err
	}
	d.refuseLongNames()
	r := &d.result
	r.Site, r.Commit, r.DryRun = d.opts.Site, d.opts.Commit, d.opts.DryRun
	r.Files, r.Pages, r.Bytes = len(d.tree.Files), d.tree.Pages(), d.tree.Bytes()
	if d.dest.Site != nil {
		r.Destination = d.dest.Site.String()
	}
	return nil
}

// readState fetches the head, the live manifest, and what unfinished deploys
// meant to do.
func (d *run) readState(ctx context.Context) error {
	head, err := history.ReadHead(ctx, d.dest.State, d.opts.Site)
	if err != nil {
		return err
	}
	base := plan.Known{Swept: true}
	if head.Live != nil {
		m, err := history.ReadManifest(ctx, d.dest.State, history.ManifestKey(head.Live.Manifest), d.opts.Site)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("the manifest of the live release, %s/%s, is missing: %s",
				d.dest.State, history.ManifestKey(head.Live.Manifest), history.Repair(d.dest.State))
		}
		if err != nil {
			return err
		}
		base.Live, base.Swept = *m, head.Live.Swept
	}
	for _, sequence := range head.Pending {
		m, err := history.ReadManifest(ctx, d.dest.State, history.PlanKey(sequence), d.opts.Site)
		if errors.Is(err, store.ErrNotFound) {
			continue // it died before its first write
		}
		if err != nil {
			return err
		}
		base.AddPending(m)
	}
	d.head, d.base = head, base
	d.result.FirstRelease, d.result.PreviousPages = head.Live == nil, base.Live.Pages()
	return nil
}

func (d *run) headersFor() func(string) (store.Headers, error) {
	if own, ok := d.from.(interface {
		HeadersFor(string) (store.Headers, error)
	}); ok {
		return own.HeadersFor
	}
	b, _ := d.from.(build)
	return func(path string) (store.Headers, error) {
		headers, err := d.opts.Rules.HeadersFor(path)
		if r, ok := b.made[path]; ok && err == nil {
			return r.Headers(headers)
		}
		return headers, err
	}
}

// sideLimit bounds requests beside the uploads: looks and copies.
const sideLimit = 64

// look finds out what the paths in doubt hold now.
func (d *run) look(ctx context.Context, paths []string) (map[string]plan.Observed, error) {
	seen := make(map[string]plan.Observed, len(paths))
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(d.opts.Concurrency, sideLimit))
	for _, path := range paths {
		group.Go(func() error {
			info, err := d.dest.Site.Stat(ctx, path)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			seen[path] = plan.Observed{Exists: err == nil, Info: info}
			return nil
		})
	}
	return seen, group.Wait()
}
