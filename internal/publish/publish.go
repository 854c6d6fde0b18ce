package publish

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Plan is a release to publish, its destination, CDN and redirect store.
type Plan struct {
	Site        string // name of the site; a destination that holds another site is refused
	Source      Source // of the release
	Destination store.Destination
	PublicURL   string // the site's public address; "" where it is not known
	CDN         *CDN   // purged once the release is live; nil for none
	Redirects   Redirects
	Allow       []string // names of guards that may be violated this once
	DryRun      bool     // plan the deploy and the purge, and change nothing
	// Owner names the deploy to a later one that finds the destination locked.
	// Default: host and process.
	Owner string
	// LockWait is how long to wait for another deploy's lease; default 2
	// minutes, negative for not at all.
	LockWait time.Duration
	// LeaseTTL is how long a dead deploy blocks others; default 60 s, at least 3 s.
	LeaseTTL time.Duration
	// Confirm, if set, is called once the lease is held, before anything else is written. Its
	// error ends the deploy.
	Confirm func(context.Context) error
	// SamplePages is the number of changed pages in the sample for Verify; 0 for none.
	SamplePages int
	// Progress is called with each phase's progress, at most ten times a second.
	Progress func(deploy.Event)
	// Purging, if set, is called with the CDN's name before it is purged.
	Purging func(cdn string)
	Now     func() time.Time // default time.Now
}

// Run publishes a plan. After an error the release is not live; a failure once it is live is
// a warning in the report, or makes the CDN pending. A *guard.Error comes before the first
// write.
func Run(ctx context.Context, p Plan) (Report, error) {
	var report Report
	o := p.options()
	if p.CDN != nil && !p.DryRun {
		o.Invalidate = func(ctx context.Context, _ deploy.Result) error {
			report.CDN = p.purge(ctx)
			return nil // the report has the error; the deletes follow all the same
		}
	}
	result, err := p.Source.publish(ctx, p.Destination, o)
	report.Result = result
	if err != nil && !result.Live {
		return report, err
	}
	if err != nil {
		report.Warnings = append(report.Warnings, err.Error())
	}
	if p.DryRun {
		report.Forecast, err = p.forecast(ctx, result)
		return report, err
	}
	if p.CDN != nil && report.CDN == nil {
		// Nothing changed: finish an earlier release's purge.
		report.CDN = p.purge(ctx)
	}
	report.Sample, report.SampleErr = p.sample(ctx, result)
	return report, nil
}

// Check runs the guards on the plan's build as Run does before its first write, and
// returns the violations. Without a destination (both stores nil) it checks the build
// alone.
func Check(ctx context.Context, p Plan, b Build) ([]guard.Violation, error) {
	return engine.Check(ctx, p.Destination, b.apply(p.options()))
}

// Stage sends the content of one shard, counted from 1, of a plan that several jobs carry
// out. Nothing is live before a Run with the Shards. engine.ErrPlanMoved says that the
// build or the destination has changed since the plan.
func Stage(ctx context.Context, p Plan, b Build, s engine.Sharded, shard int) (deploy.Result, error) {
	return engine.Stage(ctx, p.Destination, s, shard, b.apply(p.options()))
}

// options are the engine's options, without those of the source.
func (p Plan) options() engine.Options {
	return engine.Options{
		Site: p.Site, PublicURL: p.PublicURL, Allow: p.Allow, DryRun: p.DryRun, Owner: p.Owner, LockWait: p.LockWait, LeaseTTL: p.LeaseTTL, Confirm: p.Confirm,
		Redirects: p.Redirects.store, WithoutRedirects: p.Redirects.none,
		Progress: p.Progress, Now: p.Now,
	}
}
