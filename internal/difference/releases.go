package difference

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// ErrNotKept says that a release is not, or no longer, kept at the destination.
var ErrNotKept = history.ErrNoRelease

// Releases are two releases of a site at its destination, by number. A To of 0 is the live
// one; a From of 0 is the release that was live before To, if any.
type Releases struct {
	Dest     store.Destination
	Site     string // the site that the destination must have; "" for any
	From, To int64
}

// read reads the two manifests; from is empty if nothing was live before.
func (r Releases) read(ctx context.Context) (from, to *manifest.Manifest, err error) {
	head, err := history.ReadHead(ctx, r.Dest.State, r.Site)
	if err != nil {
		return nil, nil, fmt.Errorf("read the two releases: %w", err)
	}
	if head.Live == nil {
		return nil, nil, history.NeverDeployed(r.Dest.Site)
	}
	last := *head.Live
	if r.To != 0 {
		if last, err = head.Find(r.To); err != nil {
			return nil, nil, err
		}
	}
	if to, err = r.manifest(ctx, last); err != nil {
		return nil, nil, err
	}
	first, known := before(head, last)
	if r.From != 0 {
		if first, err = head.Find(r.From); err != nil {
			return nil, nil, err
		}
	} else if !known {
		return &manifest.Manifest{}, to, nil
	}
	from, err = r.manifest(ctx, first)
	return from, to, err
}

// before is the release that was live before another; false for the first in the head.
func before(head history.Head, last manifest.Live) (manifest.Live, bool) {
	later := false
	for _, one := range head.Releases() {
		if later && one.Manifest != last.Manifest {
			return one, true
		}
		later = later || one.Sequence == last.Sequence
	}
	return manifest.Live{}, false
}

func (r Releases) manifest(ctx context.Context, one manifest.Live) (*manifest.Manifest, error) {
	m, err := history.ReadManifest(ctx, r.Dest.State, history.ManifestKey(one.Manifest), r.Site)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("release %d: its list of files is no longer kept: %w", one.Release, ErrNotKept)
	}
	return m, err
}
