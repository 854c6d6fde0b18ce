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

// defaultConcurrency comes within a tenth of the bandwidth to a far store; a near one is no
// faster with less (docs/performance.md).
const defaultConcurrency = 128

// Options of a deploy.
type Options struct {
	Source  string // folder of the built site
	Site    string // name of the site; a destination that holds another site is refused
	Release int64  // number of the release; 0 for the one after the last
	Commit  string // source commit, for people
	// PublicURL is the site's public address: links to it count as the site's own. "" where
	// it is not known.
	PublicURL string
	Rules     rules.Rules
	Limits    guard.Limits
	Grace     *manifest.Grace // nil for manifest.DefaultGrace
	Allow     []string        // names of guards that may be violated this once
	DryRun    bool            // plan and check, and write nothing
	// Repair lists the destination too, as audit.Run does, and sends missing managed
	// files again. A file that others changed is a foreign file.
	Repair bool
	// Expected is the reviewed plan, which the deploy must match; nil for none.
	Expected *ExpectedPlan
	// Owner names the deploy to a later one that finds the destination locked, as "run
	// 1234 attempt 1". Default: host and process.
	Owner string
	// LockWait is how long to wait for another deploy's lease; default 2
	// minutes, negative for not at all.
	LockWait time.Duration
	// LeaseTTL is how long a dead deploy blocks others; default 60 s, at least 3 s.
	LeaseTTL time.Duration
	// Confirm, if set, is called once the lease is held, before any other write: its error
	// ends the deploy.
	Confirm func(context.Context) error
	// KeepReleases is how many releases can be rolled back to; default 10,
	// negative for none.
	KeepReleases int
	// Concurrency is how many writes are under way at once; default 128.
	Concurrency int
	// Progress is called with each phase's progress, at most ten times a second.
	Progress func(deploy.Event)
	// Invalidate, if set, is called after the commit and before the deletes. Its error is a
	// warning: the release is live.
	Invalidate func(context.Context, deploy.Result) error
	// Redirects, if set, is the redirect store that also gets the release's redirects.
	// WithoutRedirects stops using the store of the release before.
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

// ExpectedPlan is a reviewed plan: Result.Parent and Result.PlanDigest of a dry run. An
// empty Digest matches any plan.
type ExpectedPlan struct {
	Parent int64
	Digest string
}

// ErrPlanMoved says that a deploy does not match its ExpectedPlan: another release has gone
// live since, or the build has changed.
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
