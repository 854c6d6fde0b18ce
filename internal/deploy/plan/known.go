package plan

import (
	"slices"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Observed is the content of a path as the store reports it.
type Observed struct {
	Exists bool
	store.Info
}

// Known is the recorded state of the destination before a deploy.
type Known struct {
	Live    manifest.Manifest   // zero before the first release
	Swept   bool                // the doomed files of Live have been deleted
	Pending []manifest.Manifest // write-ahead manifests of deploys that did not commit
}

// AddPending adds the write-ahead manifest of an uncommitted deploy. It leaves out entries
// that an earlier one has: a failing deploy may be tried again and again, each time with a
// manifest as large as the site's.
func (b *Known) AddPending(m *manifest.Manifest) {
	left := *m
	left.Entries = nil
	for _, e := range m.Entries {
		known := slices.ContainsFunc(b.Pending, func(p manifest.Manifest) bool {
			same, ok := p.Find(e.Path)
			return ok && same == e
		})
		if !known {
			left.Entries = append(left.Entries, e)
		}
	}
	b.Pending = append(b.Pending, left)
}

// Doubtful are the paths that a deploy may have written or deleted that did not finish. A
// plan needs them observed.
func (b *Known) Doubtful() []string {
	var paths []string
	for i := range b.Pending {
		for _, e := range b.Pending[i].Entries {
			paths = append(paths, e.Path)
		}
		for _, r := range b.Pending[i].Retired {
			paths = append(paths, r.Path)
		}
	}
	if !b.Swept {
		for _, r := range b.Live.Retired {
			if r.Doomed {
				paths = append(paths, r.Path)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
