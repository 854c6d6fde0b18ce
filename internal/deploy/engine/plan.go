package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/redirectsync"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/text"
)

// planned is a deploy with its plan.
type planned struct {
	*deployment
	state
	plan      plan.Plan
	redirects *redirectsync.Sync // nil without a redirect store
	// capabilities of the destination's store; nil before it was probed.
	capabilities *store.Capabilities
	// inPlace are files of a kept release whose content exists only in their place.
	inPlace []manifest.Entry
	copyAll bool // the site's store keeps no versions now: files with an earlier version are copied too
}

// plan stats the paths in doubt and compares the build with the destination.
func (c *checked) plan(ctx context.Context) (*planned, error) {
	release, err := c.number()
	if err != nil {
		return nil, err
	}
	stored, err := c.compress(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := c.existing(ctx, stored)
	if err != nil {
		return nil, err
	}
	r := c.read
	p := &planned{deployment: c.deployment, state: r.state, capabilities: r.head.Store}
	p.plan, err = plan.New(plan.Input{
		Tree: stored, Base: r.known, Seen: seen, Grace: *c.opts.Grace, StatePrefix: c.dest.ReservedPrefix(),
		Headers: func(path string) (store.Headers, error) { return c.from.Headers(path, r.rules) },
		Next: manifest.Manifest{
			Site: c.opts.Site, Sequence: r.head.Fence + 1, Release: release, Commit: c.opts.Commit, At: c.now().UTC().Truncate(time.Second),
		},
	})
	if err != nil {
		return nil, err
	}
	return p, p.finalize(ctx)
}

// finalize adapts the plan to the store, and makes sure that it may and can be carried out.
func (p *planned) finalize(ctx context.Context) error {
	if len(p.plan.Foreign) > 0 {
		if err := p.letPass(foreign(p.plan.Foreign)); err != nil {
			return err
		}
	}
	if err := p.adaptToStore(ctx); err != nil {
		return err
	}
	p.fillResult()
	if err := p.opts.Expected.stillHolds(p.result.Parent, p.result.PlanDigest); err != nil {
		return err
	}
	if from, ok := p.from.(*content.Kept); ok {
		if err := p.checkKept(ctx, from); err != nil {
			return err
		}
	}
	return p.planRedirects(ctx)
}

// adaptToStore changes the plan to one that the store can carry out, as far as its
// capabilities are known, and compresses the files that this sends again.
func (p *planned) adaptToStore(ctx context.Context) error {
	if p.from.Sends() && p.capabilities.AnyMissing(store.MissingCopies, store.MissingCopyHeaders) {
		p.plan.ResendHeaders()
	}
	if err := p.clearConflicts(ctx); err != nil {
		return err
	}
	return p.recompress(ctx)
}

// planRedirects plans the writes to the redirect store.
func (p *planned) planRedirects(ctx context.Context) (err error) {
	to, before := p.opts.Redirects, p.head.RedirectStore
	if to == nil && before != "" && !p.opts.WithoutRedirects {
		return fmt.Errorf("the live release also has its redirects in %s, which would go on redirecting away from this release's pages: name it (--redirect-store), or say that nothing reads it any more (--redirect-store none)", before)
	}
	if to == nil {
		return nil
	}
	if p.redirects, err = redirectsync.Read(ctx, to, p.dest.State, &p.plan.Next); err != nil {
		return err
	}
	found := p.redirects.Plan()
	p.result.Redirects = found
	if left := append(found.Foreign, found.Long...); len(left) > 0 {
		p.warnOnce("redirects are left to their pages (%d), since %s has somebody else's keys in their place or no room for so long an address: %s",
			len(left), to, firstFew(left, strings.Clone))
	}
	return nil
}

// redirectStore names the redirect store of the release.
func (d *deployment) redirectStore() string {
	if d.opts.Redirects == nil {
		return ""
	}
	return d.opts.Redirects.String()
}

// number is the release's number.
func (c *checked) number() (int64, error) {
	release, err := guard.ReleaseNumber(c.read.head.Head, c.opts.Release, c.rollback != nil) // a rollback may publish an older release
	if older, ok := errors.AsType[*guard.Error](err); ok {
		if err := c.letPass(older); err != nil {
			return 0, err
		}
		return guard.ReleaseNumber(c.read.head.Head, c.opts.Release, true)
	}
	return release, err
}

// letPass returns the error of a guard; if it is allowed, it notes the violation in the
// result.
func (d *deployment) letPass(stopped *guard.Error) error {
	if err := guard.Stop(stopped.Violations, d.opts.Allow); err != nil {
		return err
	}
	d.result.Violations = append(d.result.Violations, stopped.Violations...)
	return nil
}

// fillResult puts the plan into the result.
func (p *planned) fillResult() {
	p.countCompressed()
	if names := p.plan.NotHashed; len(names) > 0 {
		p.warn("the content of files has changed although their names look like hashes of it (%d): %s: from now on they are cached for an hour; browsers that have the old content may keep it for a year", len(names), firstFew(names, strings.Clone))
	}
	r := &p.result
	r.Release, r.Sequence = p.plan.Next.Release, p.plan.Next.Sequence
	r.Counts = p.plan.Counts()
	r.All = append([]plan.Change{}, p.plan.Changes()...) // [] and not null, as JSON
	r.Changed = r.All[:min(len(r.All), deploy.MaxChanged)]
	r.ChangedTruncated = len(r.All) > deploy.MaxChanged
	r.Parent, r.PlanDigest, r.Forecast = p.plan.Next.Parent, p.plan.Digest(), p.plan.Forecast(p.replaced())
	if p.opts.DryRun {
		r.Next = &p.plan.Next
		if p.from.Sends() {
			r.Uploaded, r.UploadedBytes = p.plan.Upload()
		}
		r.Deleted = len(p.plan.Deletes)
	}
}

func foreign(paths []string) *guard.Error {
	return &guard.Error{Violations: []guard.Violation{*guard.NewViolation(guard.ForeignFiles, paths, "%s put or changed there by someone else and would be overwritten",
		text.Plural(len(paths), "file at the destination was", "files at the destination were"))}}
}
