package engine

import (
	"context"
	"errors"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Run deploys a build. A *guard.Error comes before the first write; a
// *manifest.LockedError says that another deploy holds the lease. After any error,
// Result.Live says whether the release is live all the same.
func Run(ctx context.Context, dest store.Destination, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	return newDeployment(dest, opts, content.NewBuild(opts.Source)).carryOut(ctx)
}

// Rollback makes an earlier release the live one again from its kept content; release 0 is
// the one before the live one. It goes through the same phases, guards and lease as a
// deploy. Source, Release and Rules of the options are not used.
func Rollback(ctx context.Context, dest store.Destination, release int64, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	head, err := history.ReadHead(ctx, dest.State, opts.Site)
	if err != nil {
		return deploy.Result{}, err
	}
	target, err := head.Find(release)
	if err != nil {
		return deploy.Result{}, err
	}
	opts.Release, opts.Commit = target.Release, target.Commit
	d := newDeployment(dest, opts, content.NewKept(dest, opts.Site, target))
	d.rollback = &target
	return d.carryOut(ctx)
}

// Check runs the guards on the build, compared with the live release, and returns the
// violations. It writes nothing. Without a destination (both stores nil) it checks the
// build alone.
func Check(ctx context.Context, dest store.Destination, opts Options) ([]guard.Violation, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	r, err := newDeployment(dest, opts, content.NewBuild(opts.Source)).read(ctx)
	if err != nil {
		return nil, err
	}
	return r.violations(ctx)
}

// deployment has the parts of a deploy that all stages share.
type deployment struct {
	*report
	dest     store.Destination
	opts     Options
	from     content.Source
	rollback *manifest.Live // the release of a rollback; nil for any other deploy
}

func newDeployment(dest store.Destination, opts Options, from content.Source) *deployment {
	return &deployment{report: newReport(&opts), dest: dest, opts: opts, from: from}
}

// carryOut goes through all stages.
func (d *deployment) carryOut(ctx context.Context) (deploy.Result, error) {
	before := d.dest.Requests()
	err := d.run(ctx)
	d.close()
	d.end(d.dest.Requests() - before)
	return d.result, err
}

func (d *deployment) run(ctx context.Context) error {
	c, err := d.readAndCheck(ctx)
	if err != nil {
		return err
	}
	if d.opts.DryRun {
		_, err := timed(d.report, "plan", func() (*planned, error) { return c.plan(ctx) })
		return err
	}
	l, err := timed(d.report, "lock", func() (*leased, error) { return c.lock(ctx) })
	if err != nil {
		return err
	}
	swept := false
	p, err := l.publish(l.lease.Context())
	if err == nil {
		swept = p.finish(l.lease.Context())
	} else if cause := context.Cause(l.lease.Context()); errors.Is(cause, manifest.ErrLeaseLost) {
		err = cause
	}
	return l.end(ctx, swept, err)
}

func (d *deployment) readAndCheck(ctx context.Context) (*checked, error) {
	r, err := timed(d.report, "read", func() (*read, error) { return d.read(ctx) })
	if err != nil {
		return nil, err
	}
	return timed(d.report, "check", func() (*checked, error) { return r.check(ctx) })
}

// build is the build to deploy; false for a rollback and for shards.
func (d *deployment) build() (*content.Build, bool) {
	b, ok := d.from.(*content.Build)
	return b, ok
}

// folder says whether the destination is a folder, which keeps no headers: only a folder is
// a store.Stager.
func (d *deployment) folder() bool {
	_, ok := d.dest.Site.(store.Stager)
	return ok
}

// close deletes the build's temporary files.
func (d *deployment) close() {
	b, ok := d.build()
	if !ok {
		return
	}
	if err := b.Close(); err != nil {
		d.warn("temporary files could not be deleted: %v", err)
	}
}
