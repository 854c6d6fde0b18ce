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

// CDN is the CDN of a site.
type CDN struct {
	config cdn.Config
	purger cdn.Purger
	// Limit bounds the purge after a release; 0 for no bound.
	Limit time.Duration
}

// OpenCDN opens the CDN of a configuration, nil for none. Call it before anything is
// built or sent, so that a wrong name or a missing token is found in time. It sends
// nothing.
func OpenCDN(ctx context.Context, c cdn.Config) (*CDN, error) {
	if c.Address == "" {
		return nil, nil //nolint:nilnil // a site without a CDN
	}
	purger, err := cdn.Open(ctx, c)
	if purger == nil {
		return nil, err
	}
	return &CDN{config: c, purger: purger}, nil
}

// Name is the CDN and the part of it, without secrets.
func (c *CDN) Name() string { return c.purger.Name() }

// Invalidation is a purge without a release: of the changes since the last complete purge,
// unless All or Resume is set.
type Invalidation struct {
	All    bool // everything
	Resume bool // only finish a purge that was begun: see cdn.SyncOptions
	DryRun bool
	Now    func() time.Time // default time.Now
}

// Invalidate purges from the CDN the content that was replaced since the last complete
// purge. A *cdn.PendingError says that the CDN may still show some of it.
func (c *CDN) Invalidate(ctx context.Context, dest store.Destination, site string, i Invalidation) (cdn.Report, error) {
	o := c.config.Sync(site)
	o.All, o.Resume, o.DryRun, o.Now = i.All, i.Resume, i.DryRun, i.Now
	return cdn.Sync(ctx, dest, c.purger, o)
}

// purge purges from the CDN the content that the live release has replaced. It never fails
// the release: the next purge resumes an incomplete one.
func (p Plan) purge(ctx context.Context) *CDNReport {
	if p.Purging != nil {
		p.Purging(p.CDN.Name())
	}
	var late error
	if limit := p.CDN.Limit; limit > 0 {
		late = fmt.Errorf("it took longer than %s (--cdn-limit)", limit)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, late)
		defer cancel()
	}
	report, err := p.CDN.Invalidate(ctx, p.Destination, p.Site, Invalidation{Now: p.Now})
	out := &CDNReport{Report: report, Err: err}
	if err != nil && late != nil && context.Cause(ctx) == late && !errors.Is(err, late) { //nolint:errorlint // this limit, not one of the caller's
		receipt := report.Receipt
		receipt.CDN = report.CDN
		out.Err = &cdn.PendingError{Receipt: receipt, Err: fmt.Errorf("%w: %w", late, out.Cause())}
	}
	return out
}

// forecast plans the purge for a plan, without the rest of an earlier incomplete purge. Nil
// without a CDN.
func (p Plan) forecast(ctx context.Context, r deploy.Result) (*cdn.Decision, error) {
	if p.CDN == nil {
		return nil, nil //nolint:nilnil // a site without a CDN
	}
	_, live, err := history.ReadLive(ctx, p.Destination, p.Site)
	if errors.Is(err, history.ErrNoRelease) {
		live, err = &manifest.Manifest{}, nil
	}
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
