package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
)

// tidyEvery so many deploys, what no kept release needs any more is deleted: it
// takes a listing, which is not worth making each time.
const tidyEvery = 10

// tidy deletes manifests of releases that are no longer kept, and content that
// none of the kept ones needs. Its failure is a warning.
func (d *run) tidy(ctx context.Context) {
	if d.plan.Next.Sequence%tidyEvery != 0 {
		return
	}
	err := d.timed("tidy", func() error { return d.tidyState(ctx) })
	if err != nil {
		d.warn("old releases could not be tidied away: %v; a later deploy will try again", err)
	}
}

func (d *run) tidyState(ctx context.Context) error {
	releases := history.Head{Head: d.lease.current()}.Releases()
	keep := releases[:min(len(releases), max(1, d.opts.KeepReleases+1))]
	manifests := map[string]bool{}
	content := map[string]bool{}
	for _, r := range keep {
		key := history.ManifestKey(r.Manifest)
		if manifests[key] {
			continue
		}
		manifests[key] = true
		m, err := history.ReadManifest(ctx, d.dest.State, key, d.opts.Site)
		if errors.Is(err, deploy.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range m.Entries {
			content[keptKey(d.dest.KeptPrefix, e.Sum)] = true
		}
	}
	// What the CDN is still to be told of is found by comparing manifests from the
	// one it was last told of.
	purged, err := history.ReadPurged(ctx, d.dest.State)
	if err != nil {
		return err
	}
	for _, r := range releases {
		if purged.Manifest > 0 && r.Manifest >= purged.Manifest {
			manifests[history.ManifestKey(r.Manifest)] = true
		}
	}
	if err := d.prune(ctx, d.dest.State, "releases/", manifests); err != nil {
		return err
	}
	if d.dest.KeptPrefix == "" {
		return nil
	}
	return d.prune(ctx, d.dest.Site, d.dest.KeptPrefix, content)
}

// prune deletes what lies under a prefix of ours and is not wanted.
func (d *run) prune(ctx context.Context, store deploy.Store, prefix string, wanted map[string]bool) error {
	var dels []deploy.Deletion
	err := store.List(ctx, prefix, func(info deploy.Info) error {
		if !wanted[strings.TrimSuffix(info.Key, ".plan")] || strings.HasSuffix(info.Key, ".plan") {
			dels = append(dels, deploy.Deletion{Key: info.Key})
		}
		return nil
	})
	if err != nil || len(dels) == 0 {
		return err
	}
	if err := d.lease.valid(); err != nil {
		return err
	}
	for _, err := range store.Delete(ctx, dels) {
		if err != nil {
			return fmt.Errorf("tidy %s: %w", prefix, err)
		}
	}
	return nil
}
