package publish

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/cdn"
	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// CDN is the one before a site.
type CDN struct {
	config cdn.Config
	purger cdn.Purger
	// Limit is how long to try to tell it of a release; 0 for as long as it takes.
	Limit time.Duration
}

// OpenCDN opens the CDN of a configuration, nil for none. It is called before
// anything is built or sent: a wrong name or a missing token must not be found out
// afterwards. Nothing is sent yet.
func OpenCDN(ctx context.Context, c cdn.Config) (*CDN, error) {
	if c.Address == "" || c.Address == "none" {
		return nil, nil //nolint:nilnil // no CDN is no mistake
	}
	purger, err := cdn.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	return &CDN{config: c, purger: purger}, nil
}

// Name names the CDN and which part of it, without secrets.
func (c *CDN) Name() string { return c.purger.Name() }

// Invalidation says what to make a CDN forget without a release: what changed since
// it was last told, unless one of these is set.
type Invalidation struct {
	All    bool // everything
	Resume bool // only what was begun: see cdn.SyncOptions
	DryRun bool
	Now    func() time.Time // default time.Now
}

// Invalidate tells the CDN what the live release has changed since it was last
// told. A *cdn.PendingError says that it may still show what was replaced.
func (c *CDN) Invalidate(ctx context.Context, dest store.Destination, site string, i Invalidation) (cdn.Report, error) {
	o := c.config.Sync(site)
	o.All, o.Resume, o.DryRun, o.Now = i.All, i.Resume, i.DryRun, i.Now
	return cdn.Sync(ctx, dest, c.purger, o)
}

// tell makes the CDN forget what the release that is live now has replaced. It
// never fails the release: the next process that tells the CDN goes on where this
// one ended.
func (p Plan) tell(ctx context.Context) *CDNReport {
	if p.Telling != nil {
		p.Telling(p.CDN.Name())
	}
	var late error
	if limit := p.CDN.Limit; limit > 0 {
		late = fmt.Errorf("it took longer than %s (--cdn-limit)", limit)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, late)
		defer cancel()
	}
	report, err := p.CDN.Invalidate(ctx, p.Destination, p.Site, Invalidation{Now: p.Now})
	told := &CDNReport{Report: report, Err: err}
	if err != nil && late != nil && context.Cause(ctx) == late && !errors.Is(err, late) { //nolint:errorlint // this very limit, not one around it
		receipt := report.Receipt
		receipt.CDN = report.CDN
		told.Err = &cdn.PendingError{Receipt: receipt, Err: fmt.Errorf("%w: %w", late, told.Cause())}
	}
	return told
}

// forecast is what the CDN would be told of a plan alone: what an earlier release
// left untold comes on top. Nil without a CDN.
func (p Plan) forecast(ctx context.Context, r deploy.Result) (*cdn.Decision, error) {
	if p.CDN == nil {
		return nil, nil //nolint:nilnil // no CDN is no mistake
	}
	live, err := liveManifest(ctx, p.Destination, p.Site)
	if err != nil {
		return nil, err
	}
	limits := p.CDN.purger.Limits()
	in := p.CDN.config.Input(p.Site)
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
