package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/capability"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// nests says whether a key of the store can be another key's folder, as far as is known.
func (p *planned) nests() bool {
	return !p.folder() && !p.capabilities.AnyMissing(store.MissingNestedKeys)
}

// clearConflicts adapts the plan to a store where a key can't be another key's folder: it
// deletes managed files in the way first. A foreign file in the way is an error.
func (p *planned) clearConflicts(ctx context.Context) error {
	if p.nests() {
		return nil
	}
	p.plan.ClearConflicts()
	return p.refuseBlocked(ctx)
}

// checkFreed makes sure, before the first write to the site, that the early deletes free
// the places that the release needs.
func (l *leased) checkFreed(ctx context.Context) error {
	early := l.work.plan.EarlyDeletes()
	if len(early) == 0 {
		return nil
	}
	frees, err := capability.Frees(ctx, l.dest, l.lease.Valid)
	if err == nil && !frees {
		err = fmt.Errorf("%s conflicts with a file of the release, and the store at %s keeps the place of a deleted file, since it keeps versions: delete that file there with all its versions, then deploy again with --repair",
			early[0].Path, l.dest.Site)
	}
	return err
}

// refuseBlocked is an error for files in the way of new ones that Pressrun may not delete:
// managed files that somebody changed, and foreign files. Where the live release has a
// folder there is no foreign file: only new names are looked at.
func (p *planned) refuseBlocked(ctx context.Context) error {
	found, err := p.changedEarly(ctx)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(min(p.opts.Concurrency, sideLimit))
	for _, name := range p.newNames() {
		group.Go(func() error {
			blocking, err := p.blocking(ctx, name)
			mu.Lock()
			defer mu.Unlock()
			found = append(found, blocking...)
			return err
		})
	}
	if err := group.Wait(); err != nil || len(found) == 0 {
		return err
	}
	slices.Sort(found)
	return p.blockedBy(found)
}

// blockedBy is the error for foreign or changed files in the way.
func (d *deployment) blockedBy(keys []string) error {
	return fmt.Errorf("files that Pressrun may not delete, since they are foreign or someone else changed them, are in the way at %s, which can't have a file and a folder of one name (%d): %s: move them away, or leave the files that need their place out of the build",
		d.dest.Site, len(keys), firstFew(keys, strings.Clone))
}

// changedEarly are the early deletes of files that somebody else has changed.
func (p *planned) changedEarly(ctx context.Context) (changed []string, err error) {
	keys, err := p.changedByOthers(ctx, deletions(p.plan.EarlyDeletes()))
	for key := range keys {
		by, _ := p.plan.ConflictWith(key)
		changed = append(changed, fmt.Sprintf("%q, where the release has %q", key, by))
	}
	return changed, err
}

// newNames are the topmost names that the release needs and that the live one has
// neither as a file nor as a folder.
func (p *planned) newNames() []string {
	live := &p.known.Live
	isFolder := func(name string) bool {
		i, _ := live.Index(name + "/")
		return i < len(live.Entries) && strings.HasPrefix(live.Entries[i].Path, name+"/")
	}
	names := map[string]bool{}
	for w := range p.plan.AllWrites() {
		if w.Reason != plan.ReasonNew {
			continue
		}
		name := p.plan.Next.Entries[w.Index].Path
		for dir := path.Dir(name); dir != "." && !isFolder(dir); dir = path.Dir(dir) {
			name = dir
		}
		names[name] = true
	}
	return slices.Collect(maps.Keys(names))
}

// blocking finds foreign files at a new name or below it that are in the release's way.
func (p *planned) blocking(ctx context.Context, name string) (found []string, err error) {
	add := func(key string) {
		if by, needed := p.plan.ConflictWith(key); needed && !p.plan.Manages(key) {
			found = append(found, fmt.Sprintf("%q, where the release has %q", key, by))
		}
	}
	if _, isFile := p.plan.Next.Find(name); !isFile {
		_, err := p.dest.Site.Stat(ctx, name)
		if err == nil {
			add(name)
		} else if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	err = p.dest.Site.List(ctx, name+"/", func(info store.Info) error {
		if add(info.Key); len(found) >= maxShown {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

// errEnough ends a listing early.
var errEnough = errors.New("enough files were found")

// removeBlocking deletes the files in the way of a phase's writes.
func (w *writer) removeBlocking(ctx context.Context, phase plan.Phase) error {
	if len(phase.Clear) == 0 {
		return nil
	}
	began := w.now()
	dels := make([]store.Deletion, len(phase.Clear))
	for i, e := range phase.Clear {
		dels[i] = store.Deletion{Key: e.Path, ETag: e.ETag}
	}
	if w.looksFirst {
		if err := w.unchanged(ctx, dels); err != nil {
			return err
		}
	}
	if err := w.lease.Valid(); err != nil {
		return err
	}
	for i, err := range w.dest.Site.Delete(ctx, dels) {
		if errors.Is(err, store.ErrPrecondition) {
			err = w.deleteAgain(ctx, w.lease, dels[i], w.blockedBy([]string{dels[i].Key}))
		}
		if err != nil {
			return fmt.Errorf("make room for files of the release: %w", err)
		}
		w.result.Deleted++
	}
	if !w.folder() {
		w.note("%s had to be deleted before files of the release could be written in that place", firstFew(phase.Clear, func(e manifest.Entry) string { return e.Path }))
	}
	w.phase("make room", began, len(dels), 0)
	return nil
}

// unchanged makes sure that nobody else has changed the files to delete.
func (w *writer) unchanged(ctx context.Context, dels []store.Deletion) error {
	changed, err := w.changedByOthers(ctx, dels)
	if err != nil || len(changed) == 0 {
		return err
	}
	return w.blockedBy(slices.Sorted(maps.Keys(changed)))
}
