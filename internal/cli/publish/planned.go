package publish

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/publish"
	"github.com/pressrun/pressrun/internal/publish/planfile"
)

// planned is the release of a plan's file, without its source and its CDN, and a
// function that removes the progress line.
func planned(ctx context.Context, t *terminal.Terminal, file planfile.Plan, flags publishFlags, out terminal.OutputFlags) (p publish.Plan, end func(), err error) {
	to := file.Destination
	place := placeFlags{Site: to.Site, Endpoint: to.Endpoint, Region: to.Region, State: to.State}
	dest, err := place.open(ctx, to.Address, flags.waiting(t))
	if err != nil {
		return publish.Plan{}, nil, err
	}
	flags.Allow = file.Allow
	p, end = flags.plan(t, dest, to.Site, out)
	return p, end, nil
}

// plannedBuild is the build of a plan's file.
func plannedBuild(file planfile.Plan) (publish.Build, error) {
	b := file.Build
	return buildFlags{Dir: b.Folder, Release: b.Release, Commit: b.Commit, Repair: b.Repair, AtOnce: b.Concurrency, Rules: b.Rules}.build()
}

// plannedCDN names the CDN and the redirect store of a plan's file.
func plannedCDN(file planfile.Plan) cdnFlags {
	return cdnFlags{CDN: file.CDN.Address, RedirectStore: file.RedirectStore, cachingFlags: cachingFlags{
		PublicURL: file.PublicURL, Tags: file.CDN.Tags, CleanURLs: file.CDN.CleanURLs, NotFoundCached: file.CDN.NotFoundCached,
	}}
}

var errNoShards = errors.New("the plan has no shards: make it with pressrun plan --shards N --out FILE")

// hasShard refuses a number that is none of the plan's shards.
func hasShard(file planfile.Plan, shard int) error {
	if file.Shards == 0 {
		return fmt.Errorf("--shard %d: %w", shard, errNoShards)
	}
	if shard < 1 || shard > file.Shards {
		return fmt.Errorf("--shard %d: the plan has shards 1 to %d", shard, file.Shards)
	}
	return nil
}

// sharded is a plan that several jobs carry out, as the engine takes it.
func sharded(file planfile.Plan) (engine.Sharded, error) {
	if file.Shards == 0 {
		return engine.Sharded{}, exit.With(exit.Usage, errNoShards)
	}
	next, err := manifest.Decode(file.Manifest)
	if err != nil {
		return engine.Sharded{}, exit.With(exit.Usage, fmt.Errorf("read the plan: %w", err))
	}
	return engine.Sharded{Next: next, Parent: file.Parent, Shards: file.Shards, Changed: file.Changes}, nil
}
