package engine

import (
	"context"
	"errors"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/content"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// sideLimit is the most copies, or looks at kept content, at once.
const sideLimit = 64

// checkKept makes sure, before the first write, that all content of a kept release exists.
// The content of a file that only loses a header may exist in its place alone: keep then
// copies it from there.
func (p *planned) checkKept(ctx context.Context, from *content.Kept) error {
	var mu sync.Mutex
	p.inPlace = nil
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(p.opts.Concurrency, sideLimit))
	for w := range p.plan.AllWrites() {
		if !w.Sends() {
			continue
		}
		entry := p.plan.Next.Entries[w.Index]
		group.Go(func() error {
			there, err := from.Find(ctx, entry)
			switch {
			case err != nil || there:
				return err
			case w.Reason != plan.ReasonHeaders || p.dest.KeptPrefix == "":
				return from.Missing(entry)
			}
			entry.ETag = w.If.IfMatch
			mu.Lock()
			defer mu.Unlock()
			p.inPlace = append(p.inPlace, entry)
			return nil
		})
	}
	return group.Wait()
}

// keep has the store copy the files that the plan overwrites or deletes to the kept
// content, where a rollback finds them.
func (l *leased) keep(ctx context.Context) error {
	replaced := l.work.replaced()
	if len(replaced) == 0 {
		return nil
	}
	return l.timed("keep", func() error {
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(min(l.opts.Concurrency, sideLimit))
		for _, e := range replaced {
			group.Go(func() error {
				if err := l.lease.Valid(); err != nil {
					return err
				}
				c := store.Copy{Key: content.KeptKey(l.dest.KeptPrefix, e.Sum), From: e.Path, FromTag: e.ETag, Headers: manifest.StateHeaders, Size: e.Size}
				if l.dest.Kept != nil {
					c.FromStore = l.dest.Site
				}
				_, err := l.dest.KeptStore().Copy(ctx, c)
				// Somebody else has changed or deleted the file: it is not the release's.
				if errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
					return nil
				}
				return err
			})
		}
		return group.Wait()
	})
}

// replaced are the files that keep will copy.
func (p *planned) replaced() []manifest.Entry {
	if p.dest.KeptPrefix == "" || p.opts.KeepReleases < 0 || p.head.Live == nil || p.capabilities.AnyMissing(store.MissingCopies) {
		return p.inPlace
	}
	return append(p.plan.Replaced(&p.known.Live, !p.copyAll), p.inPlace...)
}

// checkVersioning finds out, before the first write, whether the site's store keeps
// versions of overwritten files. Where it does not, or its versions can't be read, content
// is kept by copies: a failure here never fails a deploy.
func (l *leased) checkVersioning(ctx context.Context) error {
	st, ok := l.dest.Site.(store.Versioner)
	if !ok || l.opts.KeepReleases < 0 {
		return nil
	}
	on, err := st.Versioned(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && l.work.head.ETag == "" { // said once, at the first deploy
		l.note("the bucket's versioning can't be read (%v): files that releases replace are kept by copies", err)
	}
	if one, ok := l.work.oneVersion(); ok && on {
		_, err := st.StatVersion(ctx, one.Path, one.Version)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			on = false
			l.note("the bucket keeps versions, and they can't be read (s3:GetObjectVersion is needed: %v): files that releases replace are kept by copies", err)
		}
	}
	// Where versioning is suspended, versitygw 1.8 no longer finds an earlier version once
	// the object is overwritten.
	l.versioned, l.work.copyAll = on, !on
	return nil
}

// oneVersion is any file that the plan replaces without a copy.
func (p *planned) oneVersion() (manifest.Entry, bool) {
	for _, e := range p.plan.Replaced(&p.known.Live, false) {
		if e.Version != "" {
			return e, true
		}
	}
	return manifest.Entry{}, false
}
