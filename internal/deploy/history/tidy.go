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

// Tidier deletes manifests, plans and kept content that no kept release needs any more.
type Tidier struct {
	Dest  store.Destination
	Site  string
	Keep  int          // releases, beside the live one, that can be rolled back to
	Valid func() error // called before each delete: its error ends the work
}

// Tidy deletes what the releases of a head do not need.
func (t Tidier) Tidy(ctx context.Context, head manifest.Head) error {
	releases := Head{Head: head}.Releases()
	manifests, content, err := t.wanted(ctx, releases)
	if err != nil {
		return err
	}
	unpurged, err := t.unpurged(ctx, releases)
	if err != nil {
		return err
	}
	for _, r := range releases {
		if unpurged > 0 && r.Manifest >= unpurged {
			manifests[ManifestKey(r.Manifest)] = true
		}
	}
	err = t.prune(ctx, t.Dest.State, "releases/", func(key string) bool {
		plan, isPlan := planSequence(key)
		return (isPlan && unpurged > 0 && plan > unpurged) || manifests[key]
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

// wanted are the manifests of the kept releases, by key, and the content of their files,
// by hash: the keys would take three times the memory.
func (t Tidier) wanted(ctx context.Context, releases []manifest.Live) (manifests map[string]bool, content map[store.Sum]bool, err error) {
	manifests, content = map[string]bool{}, map[store.Sum]bool{}
	for _, r := range releases {
		key := ManifestKey(r.Manifest)
		if manifests[key] {
			continue // a deploy that changed nothing does not count
		}
		if len(manifests) > max(0, t.Keep) {
			break
		}
		manifests[key] = true
		err := readSums(ctx, t.Dest.State, key, t.Site, func(s store.Sum) { content[s] = true })
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, nil, err
		}
	}
	return manifests, content, nil
}

// unpurged is the first sequence whose manifest or plan a purge still needs: it compares
// all releases since the last purge, and reads the plans of deploys that died in between.
// 0 without a CDN, or when the release of the last purge is no longer in the head.
func (t Tidier) unpurged(ctx context.Context, releases []manifest.Live) (int64, error) {
	notes, err := AllPurged(ctx, t.Dest.State)
	if err != nil {
		return 0, err
	}
	first := int64(0)
	for _, p := range notes {
		if p.CDN == "" && len(notes) > 1 {
			continue // of an earlier version, replaced by the CDNs' own notes
		}
		known := slices.ContainsFunc(releases, func(r manifest.Live) bool { return r.Manifest == p.Manifest })
		if known && (first == 0 || p.Manifest < first) {
			first = p.Manifest
		}
	}
	return first, nil
}

// prune deletes the keys under a prefix that are not wanted.
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
	if err := t.Valid(); err != nil {
		return err
	}
	for _, err := range st.Delete(ctx, dels) {
		if err != nil {
			return fmt.Errorf("tidy %s: %w", prefix, err)
		}
	}
	return nil
}
