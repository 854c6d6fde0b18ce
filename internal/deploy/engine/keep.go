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

// complete makes sure, before the first write, that all content of a release that
// is put in place by copies is there. A file of which only a header has to go may
// have its content nowhere but in its place, from where keep takes it.
func (p *planned) complete(ctx context.Context, from *content.Kept) error {
	var mu sync.Mutex
	p.inPlace = nil
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(p.opts.Concurrency, sideLimit))
	for _, phase := range p.plan.Phases {
		for _, w := range phase.Writes {
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
	}
	return group.Wait()
}

// keep copies the files that are about to be overwritten or deleted to where a rollback
// finds it. The copies are made by the store: nothing is sent.
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
				// A foreign file there is not the release's.
				if errors.Is(err, store.ErrPrecondition) || errors.Is(err, store.ErrNotFound) {
					return nil
				}
				return err
			})
		}
		return group.Wait()
	})
}

// replaced is what keep will copy.
func (p *planned) replaced() []manifest.Entry {
	if p.dest.KeptPrefix == "" || p.opts.KeepReleases < 0 || p.head.Live == nil || p.capabilities.AnyMissing(store.MissingCopies) {
		return p.inPlace
	}
	return append(p.plan.Replaced(&p.known.Live, !p.copyAll), p.inPlace...)
}

// askVersions finds out, before the first write, whether the site's store keeps
// what is overwritten. Where it doesn't, can't be asked or doesn't let its versions
// be read, content is kept by copies: that never fails a deploy.
func (l *leased) askVersions(ctx context.Context) error {
	st, ok := l.dest.Site.(store.Versioner)
	if !ok || l.opts.KeepReleases < 0 {
		return nil
	}
	on, err := st.Versioned(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil && l.work.head.ETag == "" { // said once, at the first deploy
		l.note("whether the bucket keeps versions could not be found out (%v): what releases replace is kept by copies", err)
	}
	if one, ok := l.work.oneVersion(); ok && on {
		_, err := st.StatVersion(ctx, one.Path, one.Version)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			on = false
			l.note("the bucket keeps versions, and they can't be read (s3:GetObjectVersion is needed: %v): what releases replace is kept by copies", err)
		}
	}
	// Where versioning is suspended, stores disagree about the versions from before:
	// versitygw 1.8 no longer finds them once something is written over them.
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
