// Package audit finds the files and redirects of the live release that others changed at
// its destination.
package audit

import (
	"context"
	"fmt"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Audit has the files that others changed at a destination. Lists are sorted by path.
type Audit struct {
	Destination string   `json:"destination"`
	Release     int64    `json:"release"`
	Files       int      `json:"files"`   // of the live release
	Kept        int      `json:"kept"`    // dropped assets in their grace time
	Missing     []string `json:"missing"` // managed, and not there
	Changed     []string `json:"changed"` // managed, and not as Pressrun wrote them
	Foreign     []string `json:"foreign"` // not managed; never touched
	Pending     []int64  `json:"pending"` // deploys that did not finish
	// ToDelete are managed files that the release dropped and could not delete: the next
	// deploy deletes them.
	ToDelete []string `json:"to_delete,omitempty"`
}

// Clean says whether every managed file is there as Pressrun wrote it.
func (a Audit) Clean() bool { return len(a.Missing)+len(a.Changed)+len(a.Pending) == 0 }

// Run compares a destination's listing with the live manifest, and stats files that the
// listing lacks. It downloads none.
func Run(ctx context.Context, dest store.Destination, site string) (Audit, error) {
	a := Audit{Destination: dest.Site.String(), Missing: []string{}, Changed: []string{}, Foreign: []string{}}
	head, m, err := history.ReadLive(ctx, dest, site)
	if err != nil {
		return a, err
	}
	a.Release, a.Pending = head.Live.Release, append([]int64{}, head.Pending...)
	return a, a.compare(ctx, dest, m, head.Store)
}

// Drifted are the files of the live release that are missing or not as Pressrun wrote them.
// found are the store's capabilities.
func Drifted(ctx context.Context, dest store.Destination, live *manifest.Manifest, found *store.Capabilities) ([]string, error) {
	var a Audit
	if err := a.compare(ctx, dest, live, found); err != nil {
		return nil, fmt.Errorf("look for files to repair: %w", err)
	}
	return slices.Concat(a.Missing, a.Changed), nil
}

// compare fills in the differences between the destination and a manifest.
func (a *Audit) compare(ctx context.Context, dest store.Destination, m *manifest.Manifest, found *store.Capabilities) error {
	a.Files = len(m.Entries)
	for _, r := range m.Retired {
		if !r.Doomed {
			a.Kept++
		}
	}
	whole := !found.ListsInParts()
	c := newComparison(dest, m)
	skipped, err := c.read(ctx, whole)
	if skipped && !whole && err == nil { // a listing in parts is not reliable, nor the foreign files in it
		c = newComparison(dest, m)
		_, err = c.read(ctx, true)
	}
	a.Missing = append(a.Missing, c.missing...)
	a.Changed = append(a.Changed, sorted(c.changed)...)
	a.Foreign = append(a.Foreign, sorted(c.foreign)...)
	a.ToDelete = sorted(c.toDelete)
	return err
}

func sorted(paths []string) []string {
	slices.Sort(paths)
	return slices.Compact(paths)
}
