// Package engine carries a deploy out: it reads the build and the destination,
// has package deploy decide, and writes under a lease, phase by phase.
package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// defaultConcurrency comes within a tenth of what the line to a far store gives, and
// one next door is no quicker with fewer (docs/performance.md).
const defaultConcurrency = 128

// Options say what to deploy, as what, and how carefully.
type Options struct {
	Source  string // folder of the built site
	Site    string // name of the site; a destination that holds another site is refused
	Release int64  // number of the release; 0 counts on from the last one
	Commit  string // source commit, for people
	Rules   rules.Rules
	Limits  guard.Limits
	Grace   *manifest.Grace // nil for deploy.DefaultGrace
	Allow   []string        // names of guards that are let pass this once
	DryRun  bool            // plan and check, and write nothing
	// Repair lists the destination too, as RunAudit does, and sends again what is
	// missing of ours there. What others changed is a foreign file.
	Repair bool
	// Expect refuses any other plan than the one that was looked at; nil for none.
	Expect *Expect
	// Owner names the deploy to whoever finds the destination locked, as
	// "run 1234 attempt 1". Default: host and process.
	Owner string
	// LockWait is how long to wait for another deploy's lease; default 2
	// minutes, negative for not at all.
	LockWait time.Duration
	// LeaseTTL is how long a dead deploy blocks others; default 60 s, at least 3 s.
	LeaseTTL time.Duration
	// KeepReleases is how many releases can be rolled back to; default 10,
	// negative for none.
	KeepReleases int
	// Concurrency is how many writes are under way at once; default 128.
	Concurrency int
	// Progress is called with each phase's progress, at most ten times a second.
	Progress func(deploy.Event)
	// Invalidate, when set, is called after the commit and before deletes. Its
	// error is a warning: the release is live.
	Invalidate func(context.Context, deploy.Result) error
	// Redirects, when set, is made to hold the release's redirects too, within the
	// same release. WithoutRedirects lets a release out without it although the one
	// before had it.
	Redirects        redirect.Store
	WithoutRedirects bool
	Now              func() time.Time // default time.Now
}

func (o Options) withDefaults() (Options, error) {
	rules, err := o.Rules.Compile()
	if err != nil {
		return o, err
	}
	o.Rules = rules
	if o.Release < 0 {
		return o, fmt.Errorf("release %d: a release number is never negative", o.Release)
	}
	if o.Grace == nil {
		o.Grace = &manifest.DefaultGrace
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.LockWait == 0 {
		o.LockWait = 2 * time.Minute
	}
	if o.LeaseTTL == 0 {
		o.LeaseTTL = time.Minute
	}
	if o.LeaseTTL < 3*time.Second {
		return o, fmt.Errorf("a lease of %s is too short: 3 s is the least, as stores tell the time in whole seconds", o.LeaseTTL)
	}
	if o.KeepReleases == 0 {
		o.KeepReleases = 10
	}
	if o.Concurrency <= 0 {
		o.Concurrency = defaultConcurrency
	}
	if o.Progress == nil {
		o.Progress = func(deploy.Event) {}
	}
	if o.Owner == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown host"
		}
		o.Owner = fmt.Sprintf("%s, process %d", host, os.Getpid())
	}
	// Two deploys may carry the same name (a job run again): their leases differ.
	o.Owner += " #" + rand.Text()[:8]
	return o, nil
}

// Run deploys a build. A *deploy.GuardError stopped it before its first write; a
// *deploy.LockedError tells of another deploy. After any error the Result says
// whether the release is live all the same.
func Run(ctx context.Context, dest store.Destination, opts Options) (deploy.Result, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return deploy.Result{}, err
	}
	return carryOut(ctx, &run{dest: dest, opts: opts, from: newBuild(opts.Source), began: opts.Now()})
}

func carryOut(ctx context.Context, d *run) (deploy.Result, error) {
	before := d.dest.Requests()
	err := d.run(ctx)
	d.close()
	d.result.Seconds = d.opts.Now().Sub(d.began).Seconds()
	d.result.Requests = d.dest.Requests() - before
	return d.result, err
}

// Check reads the build and the destination's last release, and says what
// forbids publishing. It writes nothing. Without a destination (both stores nil)
// only the build itself is judged.
func Check(ctx context.Context, dest store.Destination, opts Options) ([]guard.Violation, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &run{dest: dest, opts: opts, from: newBuild(opts.Source), began: opts.Now()}
	if err := d.read(ctx); err != nil {
		return nil, err
	}
	return d.violations(ctx)
}

// run is one deploy under way.
type run struct {
	dest   store.Destination
	opts   Options
	from   source
	began  time.Time
	tree   manifest.Tree // as it was built
	stored manifest.Tree // as it is to be stored
	head   history.Head  // as read
	base   plan.Known
	plan   plan.Plan
	lease  *keeper
	result deploy.Result

	all     deploy.Amount // of the phases that write
	writing time.Time     // when the first of them began

	committing bool // the head was to be swapped: the release may be live
	swept      bool // what the release drops is deleted

	versioned bool // the site's store keeps what is overwritten, under its version id
	copyAll   bool // it doesn't: also what has a version id is kept by a copy

	redirects *redirects // nil without a redirect store

	rollback bool
	numbered bool             // a rollback's release had a number of its own
	inPlace  []manifest.Entry // of a rollback: content that is only where it is to be written
}

func (d *run) run(ctx context.Context) error {
	if err := d.timed("read", func() error { return d.read(ctx) }); err != nil {
		return err
	}
	if err := d.timed("check", func() error { return d.check(ctx) }); err != nil {
		return err
	}
	if d.opts.DryRun {
		return d.timed("plan", func() error { return d.makePlan(ctx) })
	}
	if err := d.timed("lock", func() error { return d.planAndLock(ctx) }); err != nil {
		return err
	}
	d.tree, d.stored = manifest.Tree{}, manifest.Tree{} // all is in the plan now, and writing takes memory too
	err := d.publish(d.lease.ctx)
	if cause := context.Cause(d.lease.ctx); err != nil && errors.Is(cause, manifest.ErrLeaseLost) {
		err = cause
	}
	return d.end(ctx, err)
}

// check stops a build that must not go out.
func (d *run) check(ctx context.Context) error {
	violations, err := d.violations(ctx)
	if err != nil {
		return err
	}
	d.result.Violations = violations
	return guard.Stop(violations, d.opts.Allow)
}

func (d *run) violations(ctx context.Context) ([]guard.Violation, error) {
	violations := guard.Check(d.tree, d.previous(), d.limits())
	b, ok := d.from.(build)
	if !ok {
		return violations, nil // an earlier release was judged in its time
	}
	broken, err := d.brokenLinks(ctx, b)
	return append(violations, broken...), err
}

func (d *run) limits() guard.Limits {
	l := d.opts.Limits
	l.StatePrefix = d.dest.Private()
	return l
}

// previous is the release that is live; nil when there is none.
func (d *run) previous() *manifest.Manifest {
	if d.head.Live == nil {
		return nil
	}
	return &d.base.Live
}

func (d *run) timed(name string, f func() error) error {
	start := d.opts.Now()
	err := f()
	d.result.Phases = append(d.result.Phases, deploy.Timed{Name: name, Seconds: d.opts.Now().Sub(start).Seconds()})
	return err
}

// close deletes what was made on the way.
func (d *run) close() {
	b, ok := d.from.(build)
	if !ok {
		return
	}
	if err := b.packs.Close(); err != nil {
		d.warn("temporary files could not be deleted: %v", err)
	}
}

func (d *run) warn(format string, args ...any) {
	d.result.Warnings = append(d.result.Warnings, fmt.Sprintf(format, args...))
}
