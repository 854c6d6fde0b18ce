package audit

import (
	"context"
	"maps"
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/listing"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// looks is the most stats at once.
const looks = 64

// comparison compares a destination with a manifest.
type comparison struct {
	dest   store.Destination
	m      *manifest.Manifest
	known  map[string]string // ETags of managed files, by path
	doomed map[string]string // likewise of files that are still to be deleted
	seen   map[string]bool

	missing, changed, foreign, toDelete []string
}

func newComparison(dest store.Destination, m *manifest.Manifest) *comparison {
	c := &comparison{dest: dest, m: m, known: make(map[string]string, len(m.Entries)+len(m.Retired)), doomed: map[string]string{}}
	for _, e := range m.Entries {
		c.known[e.Path] = e.ETag
	}
	for _, r := range m.Retired {
		if r.Doomed {
			c.doomed[r.Path] = r.ETag
			continue
		}
		c.known[r.Path] = r.ETag
	}
	c.seen = make(map[string]bool, len(c.known))
	return c
}

// read lists the destination, and stats every file of the release that the listing lacks.
// skipped says that one of these exists all the same.
func (c *comparison) read(ctx context.Context, whole bool) (skipped bool, err error) {
	l := listing.Listing{Store: c.dest.Site, Known: slices.Sorted(maps.Keys(c.known)), Whole: whole}
	if err := l.Each(ctx, func(info store.Info) error { c.note(info); return nil }); err != nil {
		return false, err
	}
	var left []string
	for _, e := range c.m.Entries {
		if !c.seen[e.Path] {
			left = append(left, e.Path)
		}
	}
	return c.confirm(ctx, left)
}

// note adds an object to the lists.
func (c *comparison) note(info store.Info) {
	etag, managed := c.known[info.Key]
	dropped, was := c.doomed[info.Key]
	switch {
	case manifest.Reserved(info.Key, c.dest.ReservedPrefix()):
	case was && dropped == info.ETag:
		c.toDelete = append(c.toDelete, info.Key)
	case !managed:
		c.foreign = append(c.foreign, info.Key)
	case etag != info.ETag:
		c.changed = append(c.changed, info.Key)
	}
	c.seen[info.Key] = true
}

// confirm stats paths that a listing lacks: a store may leave out existing ones.
func (c *comparison) confirm(ctx context.Context, paths []string) (skipped bool, err error) {
	found, err := listing.Stat(ctx, c.dest.Site, paths, looks)
	if err != nil {
		return false, err
	}
	for _, path := range paths {
		if info, exists := found[path]; exists {
			c.note(info)
		} else {
			c.missing = append(c.missing, path)
		}
	}
	return len(found) > 0, nil
}
