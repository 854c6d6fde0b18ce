// Package audit compares a destination with the live release: what others changed.
package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/listing"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Audit tells what was changed at a destination behind our back, by its listing
// alone: nothing is downloaded. Lists are sorted by path.
type Audit struct {
	Destination string   `json:"destination"`
	Release     int64    `json:"release"`
	Files       int      `json:"files"`   // of the live release
	Kept        int      `json:"kept"`    // dropped assets in their grace time
	Missing     []string `json:"missing"` // ours, and not there
	Changed     []string `json:"changed"` // ours, and not as we wrote them
	Foreign     []string `json:"foreign"` // not ours; never touched
	Pending     []int64  `json:"pending"` // deploys that did not finish
	// ToDelete are files of ours that the release dropped and could not delete: the
	// next deploy does.
	ToDelete []string `json:"to_delete,omitempty"`
}

// Clean tells whether everything of ours is there as we wrote it.
func (a Audit) Clean() bool { return len(a.Missing)+len(a.Changed)+len(a.Pending) == 0 }

// Run compares a destination's listing with the live manifest.
func Run(ctx context.Context, dest store.Destination, site string) (Audit, error) {
	a := Audit{Destination: dest.Site.String(), Missing: []string{}, Changed: []string{}, Foreign: []string{}}
	head, err := history.ReadHead(ctx, dest.State, site)
	if err != nil {
		return a, err
	}
	if head.Live == nil {
		return a, history.NothingAt(dest.Site)
	}
	m, err := history.ReadManifest(ctx, dest.State, history.ManifestKey(head.Live.Manifest), site)
	if err != nil {
		return a, err
	}
	a.Release, a.Pending = head.Live.Release, append([]int64{}, head.Pending...)
	return a, a.compare(ctx, dest, m)
}

// Drifted are the files of the live release that are missing or not as we wrote
// them, whatever made them so.
func Drifted(ctx context.Context, dest store.Destination, live *manifest.Manifest) ([]string, error) {
	var a Audit
	if err := a.compare(ctx, dest, live); err != nil {
		return nil, fmt.Errorf("look for what is to be repaired: %w", err)
	}
	return slices.Concat(a.Missing, a.Changed), nil
}

// compare fills in what a listing tells, beside a manifest.
func (a *Audit) compare(ctx context.Context, dest store.Destination, m *manifest.Manifest) error {
	a.Files = len(m.Entries)
	known := make(map[string]string, len(m.Entries)+len(m.Retired))
	for _, e := range m.Entries {
		known[e.Path] = e.ETag
	}
	doomed := map[string]string{}
	for _, r := range m.Retired {
		if r.Doomed {
			doomed[r.Path] = r.ETag
			continue
		}
		known[r.Path] = r.ETag
		a.Kept++
	}
	seen := make(map[string]bool, len(known))
	l := listing.Listing{Store: dest.Site, Known: slices.Sorted(maps.Keys(known))}
	err := l.Each(ctx, func(info store.Info) error {
		etag, ours := known[info.Key]
		dropped, was := doomed[info.Key]
		switch {
		case manifest.Reserved(info.Key, dest.Private()):
		case was && dropped == info.ETag:
			a.ToDelete = append(a.ToDelete, info.Key)
		case !ours:
			a.Foreign = append(a.Foreign, info.Key)
		case etag != info.ETag:
			a.Changed = append(a.Changed, info.Key)
		}
		seen[info.Key] = true
		return nil
	})
	if err != nil {
		return err
	}
	for _, list := range []*[]string{&a.Changed, &a.Foreign, &a.ToDelete} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, e := range m.Entries {
		if !seen[e.Path] {
			a.Missing = append(a.Missing, e.Path)
		}
	}
	return nil
}
