package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// plan is what the CDN would be told of a plan alone: what an earlier release left
// untold comes on top.
func (e *edge) plan(ctx context.Context, r deploy.Result) (*cdn.Decision, error) {
	live, err := liveManifest(ctx, e.dest, e.site)
	if err != nil {
		return nil, err
	}
	limits := e.purger.Limits()
	in := e.config.Input(e.site)
	in.Release, in.Sequence, in.Held = r.Release, r.Sequence, []cdn.Object{}
	for _, entry := range live.Entries {
		in.Held = append(in.Held, cdn.Object{Path: entry.Path, Tags: cdn.Tags(entry.Headers, limits.TagHeader)})
	}
	for _, c := range r.All {
		change := cdn.Change{Path: c.Path, Reason: c.Reason}
		if entry, ok := live.Find(c.Path); ok {
			change.Tags = cdn.Tags(entry.Headers, limits.TagHeader)
		}
		in.Changes = append(in.Changes, change)
	}
	decision := cdn.Plan(in, limits)
	return &decision, nil
}

// liveManifest is that of the live release; an empty one before the first.
func liveManifest(ctx context.Context, dest store.Destination, site string) (*manifest.Manifest, error) {
	head, err := history.ReadHead(ctx, dest.State, site)
	if err != nil {
		return nil, err
	}
	if head.Live == nil {
		return &manifest.Manifest{}, nil
	}
	return history.ReadManifest(ctx, dest.State, history.ManifestKey(head.Live.Manifest), site)
}
