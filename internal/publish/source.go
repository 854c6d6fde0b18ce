package publish

import (
	"context"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Source is the source of the release: a Build, an Earlier release, or Shards.
type Source interface {
	publish(ctx context.Context, dest store.Destination, o engine.Options) (deploy.Result, error)
}

// Build is a folder with a built site.
type Build struct {
	Dir     string
	Release int64  // number of the release; 0 for one more than the last
	Commit  string // source commit, for people
	Rules   rules.Rules
	Limits  guard.Limits
	// Repair also lists the destination, and sends missing or changed files again.
	Repair bool
	// Concurrency is the most uploads at once; 0 for the engine's default.
	Concurrency int
	// Expected is the reviewed plan that the deploy must match; nil for none.
	Expected *engine.ExpectedPlan
}

func (b Build) apply(o engine.Options) engine.Options {
	o.Source, o.Release, o.Commit = b.Dir, b.Release, b.Commit
	o.Rules, o.Limits = b.Rules, b.Limits
	o.Repair, o.Concurrency, o.Expected = b.Repair, b.Concurrency, b.Expected
	return o
}

func (b Build) publish(ctx context.Context, dest store.Destination, o engine.Options) (deploy.Result, error) {
	return engine.Run(ctx, dest, b.apply(o))
}

// Earlier is a release that the destination has kept: a rollback.
type Earlier struct {
	Release int64 // its number; 0 for the one before the live one
}

func (e Earlier) publish(ctx context.Context, dest store.Destination, o engine.Options) (deploy.Result, error) {
	return engine.Rollback(ctx, dest, e.Release, o)
}

// Shards is a plan whose content was sent by several jobs (see Stage).
type Shards struct {
	engine.Sharded
	Release int64
	Commit  string
	Repair  bool
}

func (s Shards) publish(ctx context.Context, dest store.Destination, o engine.Options) (deploy.Result, error) {
	o.Release, o.Commit, o.Repair = s.Release, s.Commit, s.Repair
	return engine.Commit(ctx, dest, s.Sharded, o)
}
