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

// planned is a deploy of which all that is to be written is known.
type planned struct {
	*deployment
	state
	plan      plan.Plan
	redirects *redirectsync.Sync // nil without a redirect store
	// capabilities are those of the destination's store; nil before anybody has looked.
	capabilities *store.Capabilities
	// inPlace is content, of a release that is put in place by copies, that is only
	// where it is to be written.
	inPlace []manifest.Entry
	copyAll bool // the site's store keeps no versions: also what has one is kept by a copy
}

// plan looks at the paths in doubt and compares the build with the destination.
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
		Tree: stored, Base: r.known, Seen: seen, Grace: *c.opts.Grace, StatePrefix: c.dest.Private(),
		Headers: func(path string) (store.Headers, error) { return c.from.Headers(path, r.rules) },
		Next: manifest.Manifest{
			Site: c.opts.Site, Sequence: r.head.Fence + 1, Release: release, Commit: c.opts.Commit, At: c.now().UTC().Truncate(time.Second),
		},
	})
	if err != nil {
		return nil, err
	}
	return p, p.settle(ctx)
}

// settle makes sure that the plan may and can be carried out.
func (p *planned) settle(ctx context.Context) error {
	if len(p.plan.Foreign) > 0 {
		if err := p.letPass(foreign(p.plan.Foreign)); err != nil {
			return err
		}
	}
	if err := p.suitStore(ctx); err != nil {
		return err
	}
	p.tell()
	if err := p.opts.Expected.stillHolds(p.result.Parent, p.result.PlanDigest); err != nil {
		return err
	}
	if from, ok := p.from.(*content.Kept); ok {
		if err := p.complete(ctx, from); err != nil {
			return err
		}
	}
	return p.planRedirects(ctx)
}

// suitStore makes the plan one that the store can carry out, as far as is known of
// it, and sees to it that all it sends is at hand.
func (p *planned) suitStore(ctx context.Context) error {
	if p.from.Sends() && p.capabilities.AnyMissing(store.MissingCopies, store.MissingCopyHeaders) {
		p.plan.ResendHeaders()
	}
	if err := p.giveWay(ctx); err != nil {
		return err
	}
	return p.recompress(ctx)
}

// planRedirects finds out what the redirect store will have to hold, and whether it
// can.
func (p *planned) planRedirects(ctx context.Context) (err error) {
	to, before := p.opts.Redirects, p.head.RedirectStore
	if to == nil && before != "" && !p.opts.WithoutRedirects {
		return fmt.Errorf("the live release keeps its redirects in %s too, where they would go on leading away from this release's pages: name it (--redirect-store), or say that it is no longer asked (--redirect-store none)", before)
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
		p.warnOnce("%d redirects are left to the pages that lead on, since %s holds somebody else's keys there or has no room for so long an address: %s",
			len(left), to, theFirst(left, strings.Clone))
	}
	return nil
}

// redirectStore names the store that the release keeps its redirects in.
func (d *deployment) redirectStore() string {
	if d.opts.Redirects == nil {
		return ""
	}
	return d.opts.Redirects.String()
}

// number settles the release's number.
func (c *checked) number() (int64, error) {
	release, err := guard.ReleaseNumber(c.read.head.Head, c.opts.Release, c.back != nil) // an older release is what a rollback is for
	if older, ok := errors.AsType[*guard.Error](err); ok {
		if err := c.letPass(older); err != nil {
			return 0, err
		}
		return guard.ReleaseNumber(c.read.head.Head, c.opts.Release, true)
	}
	return release, err
}

// letPass stops the deploy, or says that a person let it pass.
func (d *deployment) letPass(stopped *guard.Error) error {
	if err := guard.Stop(stopped.Violations, d.opts.Allow); err != nil {
		return err
	}
	d.result.Violations = append(d.result.Violations, stopped.Violations...)
	return nil
}

// tell notes in the result what the plan does.
func (p *planned) tell() {
	p.tellCompressed()
	if names := p.plan.NotHashed; len(names) > 0 {
		p.warn("one name has had two contents, although it looks as if it followed its content (%d): %s: from now on it is cached for an hour; who has the old one may keep it for a year", len(names), theFirst(names, strings.Clone))
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
