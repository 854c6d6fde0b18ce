package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Tidier deletes state and kept content that no kept release needs any more.
type Tidier struct {
	Dest store.Destination
	Site string
	Keep int          // releases, beside the live one, that can be rolled back to
	May  func() error // asked before anything is deleted
}

// Tidy deletes manifests of releases that are no longer kept, and content that none
// of the kept ones needs.
func (t Tidier) Tidy(ctx context.Context, head manifest.Head) error {
	releases := Head{Head: head}.Releases()
	manifests, content, err := t.wanted(ctx, releases)
	if err != nil {
		return err
	}
	untold, err := t.untold(ctx, releases)
	if err != nil {
		return err
	}
	for _, r := range releases {
		if untold > 0 && r.Manifest >= untold {
			manifests[ManifestKey(r.Manifest)] = true
		}
	}
	err = t.prune(ctx, t.Dest.State, "releases/", func(key string) bool {
		plan, isPlan := PlanSequence(key)
		return (isPlan && untold > 0 && plan > untold) || manifests[key]
	})
	if err != nil {
		return err
	}
	if t.Dest.KeptPrefix == "" {
		return nil
	}
	return t.prune(ctx, t.Dest.KeptStore(), t.Dest.KeptPrefix, func(key string) bool {
		var sum store.Sum
		name := strings.TrimPrefix(key, t.Dest.KeptPrefix)
		return sum.UnmarshalText([]byte(name)) == nil && content[sum]
	})
}

// wanted are the manifests of the releases that are kept, by key, and the content
// of their files: by hash, as the keys themselves would take three times as much.
func (t Tidier) wanted(ctx context.Context, releases []manifest.Live) (manifests map[string]bool, content map[store.Sum]bool, err error) {
	manifests, content = map[string]bool{}, map[store.Sum]bool{}
	for _, r := range releases {
		key := ManifestKey(r.Manifest)
		if manifests[key] {
			continue // it changed nothing, and counts as none
		}
		if len(manifests) > max(0, t.Keep) {
			break
		}
		manifests[key] = true
		err := ReadSums(ctx, t.Dest.State, key, t.Site, func(s store.Sum) { content[s] = true })
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
func (t Tidier) untold(ctx context.Context, releases []manifest.Live) (int64, error) {
	told, err := AllPurged(ctx, t.Dest.State)
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

// prune deletes the unwanted keys under a prefix of the state.
func (t Tidier) prune(ctx context.Context, st store.Store, prefix string, wanted func(key string) bool) error {
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
	if err := t.May(); err != nil {
		return err
	}
	for _, err := range st.Delete(ctx, dels) {
		if err != nil {
			return fmt.Errorf("tidy %s: %w", prefix, err)
		}
	}
	return nil
}
