package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
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
	// All that is written and deleted is: what it was planned from takes memory that
	// other manifests need now.
	d.base, d.plan = plan.Known{}, plan.Plan{Next: manifest.Manifest{Sequence: d.plan.Next.Sequence}}
	releases := history.Head{Head: d.lease.current()}.Releases()
	manifests, content, err := d.wanted(ctx, releases)
	if err != nil {
		return err
	}
	untold, err := d.untold(ctx, releases)
	if err != nil {
		return err
	}
	for _, r := range releases {
		if untold > 0 && r.Manifest >= untold {
			manifests[history.ManifestKey(r.Manifest)] = true
		}
	}
	err = d.prune(ctx, d.dest.State, "releases/", func(key string) bool {
		plan, isPlan := history.PlanSequence(key)
		return (isPlan && untold > 0 && plan > untold) || manifests[key]
	})
	if err != nil {
		return err
	}
	if d.dest.KeptPrefix == "" {
		return nil
	}
	return d.prune(ctx, d.dest.Keeper(), d.dest.KeptPrefix, func(key string) bool {
		var sum store.Sum
		name := strings.TrimPrefix(key, d.dest.KeptPrefix)
		return sum.UnmarshalText([]byte(name)) == nil && content[sum]
	})
}

// wanted are the manifests of the releases that are kept, by key, and the content
// of their files: by hash, as the keys themselves would take three times as much.
func (d *run) wanted(ctx context.Context, releases []manifest.Live) (manifests map[string]bool, content map[store.Sum]bool, err error) {
	manifests, content = map[string]bool{}, map[store.Sum]bool{}
	for _, r := range releases {
		key := history.ManifestKey(r.Manifest)
		if manifests[key] {
			continue // it changed nothing, and counts as none
		}
		if len(manifests) > max(0, d.opts.KeepReleases) {
			break
		}
		manifests[key] = true
		err := history.ReadSums(ctx, d.dest.State, key, d.opts.Site, func(s store.Sum) { content[s] = true })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, nil, err
		}
	}
	return manifests, content, nil
}

// untold is the sequence from which on manifests and plans tell what the CDNs are
// still to forget: it is found by comparing releases from the one that each was last
// told of, and what deploys that died had shown in between is in their plans
// alone. 0 when no CDN is told, or all of them too long ago for that.
func (d *run) untold(ctx context.Context, releases []manifest.Live) (int64, error) {
	told, err := history.AllPurged(ctx, d.dest.State)
	if err != nil {
		return 0, err
	}
	first := int64(0)
	for _, p := range told {
		if p.CDN == "" && len(told) > 1 {
			continue // of an earlier version: each CDN has a note of its own by now
		}
		known := slices.ContainsFunc(releases, func(r manifest.Live) bool { return r.Manifest == p.Manifest })
		if known && (first == 0 || p.Manifest < first) {
			first = p.Manifest
		}
	}
	return first, nil
}

// prune deletes what lies under a prefix of ours and is not wanted.
func (d *run) prune(ctx context.Context, st store.Store, prefix string, wanted func(key string) bool) error {
	var dels []store.Deletion
	err := st.List(ctx, prefix, func(info store.Info) error {
		if !wanted(info.Key) {
			dels = append(dels, store.Deletion{Key: info.Key})
		}
		return nil
	})
	if err != nil || len(dels) == 0 {
		return err
	}
	if err := d.lease.valid(); err != nil {
		return err
	}
	for _, err := range st.Delete(ctx, dels) {
		if err != nil {
			return fmt.Errorf("tidy %s: %w", prefix, err)
		}
	}
	return nil
}
