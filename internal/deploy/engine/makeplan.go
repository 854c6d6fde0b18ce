package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
)

// makePlan looks at what is in doubt and compares the build with the rest.
func (d *run) makePlan(ctx context.Context) error {
	release, err := d.number()
	if err != nil {
		return err
	}
	if err := d.compress(ctx); err != nil {
		return err
	}
	seen, err := d.lookAround(ctx)
	if err != nil {
		return err
	}
	d.plan, err = plan.New(plan.Input{
		Tree: d.stored, Base: d.base, Seen: seen, Headers: d.headersFor(), Grace: *d.opts.Grace,
		Next: manifest.Manifest{
			Site: d.opts.Site, Sequence: d.head.Fence + 1, Release: release, Commit: d.opts.Commit, At: d.opts.Now().UTC().Truncate(time.Second),
		},
		StatePrefix: d.dest.Private(),
	})
	if err != nil {
		return err
	}
	if len(d.plan.Foreign) > 0 {
		if err := d.letPass(foreign(d.plan.Foreign)); err != nil {
			return err
		}
	}
	if err := d.suitStore(ctx); err != nil {
		return err
	}
	d.tellPlan()
	if err := d.opts.Expect.stillHolds(d.result.Parent, d.result.PlanDigest); err != nil {
		return err
	}
	if from, ok := d.from.(*kept); ok {
		if err := d.complete(ctx, from); err != nil {
			return err
		}
	}
	return d.planRedirects(ctx)
}

// number settles the release's number.
func (d *run) number() (int64, error) {
	release, err := guard.ReleaseNumber(d.head.Head, d.opts.Release, d.rollback) // an older release is what a rollback is for
	if older, ok := errors.AsType[*guard.Error](err); ok {
		if err := d.letPass(older); err != nil {
			return 0, err
		}
		return guard.ReleaseNumber(d.head.Head, d.opts.Release, true)
	}
	return release, err
}

// letPass stops the deploy, or says that a person let it pass.
func (d *run) letPass(stopped *guard.Error) error {
	if err := guard.Stop(stopped.Violations, d.opts.Allow); err != nil {
		return err
	}
	d.result.Violations = append(d.result.Violations, stopped.Violations...)
	return nil
}

// lookAround finds out what is at paths of which no manifest tells for sure.
func (d *run) lookAround(ctx context.Context) (map[string]plan.Observed, error) {
	doubtful := d.base.Doubtful()
	listed := map[string]plan.Observed{}
	switch {
	case d.head.Live == nil:
		same, other, err := d.adoptable(ctx)
		if err != nil {
			return nil, err
		}
		doubtful, listed = append(doubtful, same...), other
	case d.opts.Repair:
		drifted, err := d.drifted(ctx)
		if err != nil {
			return nil, err
		}
		doubtful = append(doubtful, drifted...)
	}
	seen, err := d.look(ctx, doubtful)
	if err != nil {
		return nil, err
	}
	if d.head.Live == nil {
		if err := d.tellByMD5(ctx, seen); err != nil {
			return nil, err
		}
	}
	maps.Copy(listed, seen) // a closer look counts
	return listed, nil
}

// tellPlan notes in the result what the plan does.
func (d *run) tellPlan() {
	d.tellCompressed()
	r := &d.result
	r.Release, r.Sequence = d.plan.Next.Release, d.plan.Next.Sequence
	r.Counts = d.plan.Counts()
	r.All = append([]plan.Change{}, d.plan.Changes()...) // [] and not null, as JSON
	r.Changed = r.All[:min(len(r.All), deploy.MaxChanged)]
	r.ChangedTruncated = len(r.All) > deploy.MaxChanged
	r.Parent, r.PlanDigest, r.Forecast = d.plan.Next.Parent, d.plan.Digest(), d.plan.Forecast(d.replaced())
	if d.opts.DryRun {
		r.Next = &d.plan.Next
		if d.from.sends() {
			r.Uploaded, r.UploadedBytes = d.plan.Upload()
		}
		r.Deleted = len(d.plan.Deletes)
	}
}

func foreign(paths []string) *guard.Error {
	what := "1 file at the destination was"
	if len(paths) != 1 {
		what = fmt.Sprintf("%d files at the destination were", len(paths))
	}
	return &guard.Error{Violations: []guard.Violation{{
		Name:   guard.ForeignFiles,
		Detail: what + " put or changed there by someone else and would be overwritten",
		Paths:  paths[:min(len(paths), 20)],
	}}}
}
