package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Commit puts a plan in place whose shards have all been sent: by copies inside
// the store, through the same phases, guards and lease as a deploy. It is refused
// when another release has gone live since the plan was made, or when content is
// missing; nothing is written then. One that died is simply run again; after one
// that did not, nothing is done (Result.AlreadyLive).
func Commit(ctx context.Context, dest store.Destination, s Sharded, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	if err := s.check(dest); err != nil {
		return deploy.Result{}, err
	}
	opts.Expect = &Expect{Parent: s.Parent}
	from := content.NewStaged(dest, opts.Site, s.Next, func(e manifest.Entry) error {
		return fmt.Errorf("%w: the content of %s was not sent: run shard %d again, then commit", ErrShardMissing, e.Path, s.ShardOf(e.Sum))
	})
	return s.commitOnce(ctx, dest, opts.Site, func() (deploy.Result, error) {
		return newDeployment(dest, opts, from).carryOut(ctx)
	})
}

// ErrShardMissing tells that a plan can't be committed yet.
var ErrShardMissing = errors.New("the plan is not complete")

// already tells whether the release that a plan makes is live, as after its
// commit. When another one went live since the plan was made, it is ErrPlanMoved.
func (s Sharded) already(ctx context.Context, dest store.Destination, site string) (live manifest.Live, ok bool, err error) {
	head, err := history.ReadHead(ctx, dest.State, site)
	if err != nil {
		return live, false, err
	}
	if head.Live == nil {
		head.Live = &manifest.Live{}
	}
	if head.Live.Sequence >= s.Next.Sequence && head.Live.Release == s.Next.Release {
		m, err := history.ReadManifest(ctx, dest.State, history.ManifestKey(head.Live.Manifest), site)
		if err != nil {
			return live, false, fmt.Errorf("read the live release: %w", err)
		}
		if len(plan.Diff(m, s.Next)) == 0 {
			return *head.Live, true, nil
		}
	}
	if head.Live.Manifest != s.Parent {
		return live, false, (&Expect{Parent: s.Parent}).stillHolds(head.Live.Manifest, "")
	}
	return live, false, nil
}

// nothingLeft is the result of a command whose release is live already.
func nothingLeft(dest store.Destination, site string, live manifest.Live) deploy.Result {
	r := deploy.Result{
		Destination: dest.Site.String(), Site: site, Release: live.Release, Sequence: live.Sequence, Commit: live.Commit,
		Files: live.Files, Pages: live.Pages, Bytes: live.Bytes, PreviousPages: live.Pages, Live: true, AlreadyLive: true,
		Changed: []plan.Change{}, Phases: []deploy.Timed{},
	}
	r.Counts.Unchanged = live.Files
	if !live.Swept {
		r.Warnings = append(r.Warnings, "files that the release took away are not all deleted yet: the next deploy does that")
	}
	return r
}

// commitOnce commits a plan, unless that was done before: by an earlier try, or by
// another one at the same time.
func (s Sharded) commitOnce(ctx context.Context, dest store.Destination, site string, commit func() (deploy.Result, error)) (deploy.Result, error) {
	live, ok, err := s.already(ctx, dest, site)
	if err != nil {
		return deploy.Result{}, err
	}
	if ok {
		return nothingLeft(dest, site, live), nil
	}
	result, err := commit()
	if errors.Is(err, ErrPlanMoved) {
		if live, ok, _ := s.already(ctx, dest, site); ok {
			return nothingLeft(dest, site, live), nil
		}
	}
	return result, err
}
