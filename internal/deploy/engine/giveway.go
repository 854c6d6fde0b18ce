package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// nests says whether a key can be another's folder there, as far as that is known.
func (p *planned) nests() bool {
	return !p.folder() && !p.capabilities.AnyMissing(store.MissingNestedKeys)
}

// giveWay makes the plan one for a store where a key can't be another's folder: what is
// managed and in the way is deleted first; a foreign file in the way stops the deploy.
func (p *planned) giveWay(ctx context.Context) error {
	if p.nests() {
		return nil
	}
	p.plan.GiveWay()
	return p.refuseBlocked(ctx)
}

// canGiveWay makes sure, before the first write to the site, that what is deleted
// first gives its place free.
func (l *leased) canGiveWay(ctx context.Context) error {
	first := l.work.plan.First()
	if len(first) == 0 {
		return nil
	}
	frees, err := capability.Frees(ctx, l.dest, l.lease.Valid)
	if err == nil && !frees {
		err = fmt.Errorf("%s is where the release needs a folder, or the other way round, and the store at %s keeps the place of what is deleted, as it keeps versions: delete that file there with all its versions, then deploy again with --repair",
			first[0].Path, l.dest.Site)
	}
	return err
}

// refuseBlocked looks for files in the way of new ones that Pressrun may not delete:
// managed files that somebody changed, and foreign files. No foreign file is where a
// managed folder is, so only new folders are looked at, and below new files.
func (p *planned) refuseBlocked(ctx context.Context) error {
	found, err := p.changedFirst(ctx)
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
	return fmt.Errorf("not ours, or changed by someone else, and in the way at %s, which can't have a file and a folder of one name (%d): %s: move that away, or leave what needs its place out of the build",
		d.dest.Site, len(keys), theFirst(keys, strings.Clone))
}

// changedFirst are files that are to go first, and no longer those that we wrote.
func (p *planned) changedFirst(ctx context.Context) (changed []string, err error) {
	first := p.plan.First()
	paths := make([]string, len(first))
	for i := range first {
		paths[i] = first[i].Path
	}
	seen, err := p.look(ctx, paths)
	if err != nil {
		return nil, err
	}
	for _, d := range first {
		if s := seen[d.Path]; s.Exists && d.ETag != "" && s.ETag != d.ETag {
			by, _ := p.plan.Needs(d.Path)
			changed = append(changed, fmt.Sprintf("%q, where the release has %q", d.Path, by))
		}
	}
	return changed, nil
}

// newNames are the topmost names that the release needs and that the live one has
// neither as a file nor as a folder.
func (p *planned) newNames() []string {
	live := p.known.Live.Entries
	isFolder := func(name string) bool {
		i, _ := slices.BinarySearchFunc(live, name+"/", func(e manifest.Entry, n string) int { return cmp.Compare(e.Path, n) })
		return i < len(live) && strings.HasPrefix(live[i].Path, name+"/")
	}
	names := map[string]bool{}
	for _, phase := range p.plan.Phases {
		for _, w := range phase.Writes {
			if w.Reason != plan.ReasonNew {
				continue
			}
			name := p.plan.Next.Entries[w.Index].Path
			for dir := path.Dir(name); dir != "." && !isFolder(dir); dir = path.Dir(dir) {
				name = dir
			}
			names[name] = true
		}
	}
	out := make([]string, 0, len(names))
	for name := range names {
		out = append(out, name)
	}
	return out
}

// blocking finds the files at a new name or below it, which have no place beside the
// release.
func (p *planned) blocking(ctx context.Context, name string) (found []string, err error) {
	add := func(key string) {
		if by, needed := p.plan.Needs(key); needed && !p.plan.Manages(key) {
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
		if add(info.Key); len(found) >= shownRules {
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
var errEnough = errors.New("enough was found")

// clear deletes the files in the way of a phase's writes.
func (w *writer) clear(ctx context.Context, phase plan.Phase) error {
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
			err = w.clearAgain(ctx, dels[i])
		}
		if err != nil {
			return fmt.Errorf("make room for files of the release: %w", err)
		}
		w.result.Deleted++
	}
	if !w.folder() {
		w.note("%s gave way to files of the release, and had to be deleted before those were there", theFirst(phase.Clear, func(e manifest.Entry) string { return e.Path }))
	}
	w.phase("make room", began, len(dels), 0)
	return nil
}

// clearAgain tells a passing conflict from a file that somebody else has put in the place
// of a managed one.
func (w *writer) clearAgain(ctx context.Context, del store.Deletion) error {
	if err := w.unchanged(ctx, []store.Deletion{del}); err != nil {
		return err
	}
	if err := w.lease.Valid(); err != nil {
		return err
	}
	return w.dest.Site.Delete(ctx, []store.Deletion{del})[0]
}

// unchanged refuses to delete a file that is no longer the one that Pressrun wrote.
func (w *writer) unchanged(ctx context.Context, dels []store.Deletion) error {
	for _, del := range dels {
		info, err := w.dest.Site.Stat(ctx, del.Key)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return err
		case del.ETag != "" && info.ETag != del.ETag:
			return w.blockedBy([]string{del.Key})
		}
	}
	return nil
}
