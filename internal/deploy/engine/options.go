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
	"github.com/pressrun/pressrun/internal/deploy/lease"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
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
	// PublicURL is where visitors find the site, so that links to it count as the
	// site's own; "" where that is not known.
	PublicURL string
	Rules     rules.Rules
	Limits    guard.Limits
	Grace     *manifest.Grace // nil for manifest.DefaultGrace
	Allow     []string        // names of guards that are let pass this once
	DryRun    bool            // plan and check, and write nothing
	// Repair lists the destination too, as audit.Run does, and sends missing managed
	// files again. A file that others changed is a foreign file.
	Repair bool
	// Expected refuses any other plan than the one that was looked at; nil for none.
	Expected *ExpectedPlan
	// Owner names the deploy to a later one that finds the destination locked, as "run
	// 1234 attempt 1". Default: host and process.
	Owner string
	// LockWait is how long to wait for another deploy's lease; default 2
	// minutes, negative for not at all.
	LockWait time.Duration
	// LeaseTTL is how long a dead deploy blocks others; default 60 s, at least 3 s.
	LeaseTTL time.Duration
	// May, when set, is asked once the lease is held, before anything else is written:
	// its error ends the deploy.
	May func(context.Context) error
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
	var err error
	if o.Rules, err = o.Rules.Compile(); err != nil {
		return o, err
	}
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
		o.LockWait = lease.DefaultWait
	}
	if o.LeaseTTL == 0 {
		o.LeaseTTL = lease.DefaultTTL
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

// ExpectedPlan is a plan that somebody has looked at: Result.Parent and
// Result.PlanDigest of a dry run. An empty Digest takes any plan.
type ExpectedPlan struct {
	Parent int64
	Digest string
}

// ErrPlanMoved says that a deploy would no longer carry out the expected plan: another
// release has gone live since, or the build is another.
var ErrPlanMoved = errors.New("the plan no longer holds")

func (e *ExpectedPlan) stillHolds(parent int64, digest string) error {
	switch {
	case e == nil:
		return nil
	case e.Parent != parent:
		return fmt.Errorf("%w: another release has gone live since it was made: make a new plan", ErrPlanMoved)
	case e.Digest != "" && e.Digest != digest:
		return fmt.Errorf("%w: the build or the header rules have changed since it was made: make a new plan", ErrPlanMoved)
	}
	return nil
}
