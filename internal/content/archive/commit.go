package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/content"
)

// Commit makes a snapshot the latest one, out of the records that the pass has read and,
// where nothing changed, of those of base, with which the pass began. A snapshot with the
// digest of base changes the state alone. It returns the new state.
func (a *Archive) Commit(p *Pass, base, s *content.Snapshot, state State) (State, error) {
	state.Watermark, state.Consistency, state.Format = s.Watermark, s.Consistency, format
	if base != nil && base.Digest == s.Digest && base.Source == s.Source {
		state.Snapshot = base.ID
	} else {
		if err := a.assemble(p, base, s); err != nil {
			return state, err
		}
		state.Snapshot = s.ID
	}
	if err := writeState(a.dir, state); err != nil {
		return state, fmt.Errorf("make the snapshot the latest: %w", err)
	}
	a.linkCurrent(state.Snapshot)
	if err := errors.Join(p.Leave(), os.RemoveAll(p.dir)); err != nil {
		return state, fmt.Errorf("remove what the pass kept: %w", err)
	}
	return state, a.prune(state.Snapshot)
}

// assemble makes a snapshot's folder, whole, and gives it its name.
func (a *Archive) assemble(p *Pass, base, s *content.Snapshot) error {
	next := filepath.Join(a.dir, ".next")
	if err := os.RemoveAll(next); err != nil {
		return fmt.Errorf("remove an unfinished snapshot: %w", err)
	}
	had := map[content.Key]string{}
	if base != nil {
		for _, r := range base.Records {
			had[r.Key] = r.Hash
		}
	}
	if err := makeFolders(next, s); err != nil {
		return err
	}
	var g errgroup.Group
	g.SetLimit(writers)
	for _, r := range s.Records {
		to := filepath.Join(next, filepath.FromSlash(r.File()))
		at, read := p.bodies[r.Hash]
		if !read && had[r.Key] != r.Hash {
			return errors.Join(fmt.Errorf("the bytes of the record %s are missing: export with --full", r.Key), g.Wait())
		}
		read = read && had[r.Key] != r.Hash // a link costs less than a file
		g.Go(func() error {
			if err := a.put(p, base, r, at, read, to); err != nil {
				return fmt.Errorf("put the record %s into the snapshot: %w", r.Key, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := a.describe(next, base, s); err != nil {
		return err
	}
	if err := syncAll(next); err != nil {
		return fmt.Errorf("sync the snapshot to disk: %w", err)
	}
	folder := Folder(a.dir, s.ID)
	if err := os.RemoveAll(folder); err != nil { // a pass before was killed before it became the latest
		return fmt.Errorf("remove an unfinished snapshot: %w", err)
	}
	if err := os.Rename(next, folder); err != nil {
		return fmt.Errorf("name the snapshot: %w", err)
	}
	return atomicfile.SyncFolder(filepath.Dir(folder))
}

func (a *Archive) describe(next string, base, s *content.Snapshot) error {
	s.Format = format
	if err := os.MkdirAll(next, 0o755); err != nil { //nolint:gosec // G301: as its folders
		return fmt.Errorf("make the folder of the snapshot: %w", err)
	}
	for name, document := range map[string]any{"snapshot.json": s, "changes.json": content.Between(base, s)} {
		text, err := json.Marshal(document)
		if err != nil {
			return fmt.Errorf("encode %s: %w", name, err)
		}
		if err := writeNew(filepath.Join(next, name), append(text, '\n')); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// writers is how many files are made at a time.
const writers = 8

// put writes a record's file, or links that of the snapshot before.
func (a *Archive) put(p *Pass, base *content.Snapshot, r content.Record, at place, read bool, to string) error {
	if !read {
		return linkOrCopy(filepath.Join(Folder(a.dir, base.ID), filepath.FromSlash(r.File())), to)
	}
	raw, err := p.read(at)
	if err != nil {
		return err
	}
	return writeNew(to, raw)
}

func makeFolders(next string, s *content.Snapshot) error {
	made := map[string]bool{}
	for _, r := range s.Records {
		folder := filepath.Dir(filepath.Join(next, filepath.FromSlash(r.File())))
		if made[folder] {
			continue
		}
		if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // G301: a build of another user may read published content
			return fmt.Errorf("make a folder of the snapshot: %w", err)
		}
		made[folder] = true
	}
	return nil
}

// linkOrCopy links a file that never changes, or copies it where there are no links.
func linkOrCopy(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	raw, err := os.ReadFile(filepath.Clean(from))
	if err != nil {
		return err
	}
	return writeNew(to, raw)
}

// linkCurrent makes DIR/current lead to a snapshot, where there are symbolic links: for
// people and simple builds, since current.json says it everywhere.
func (a *Archive) linkCurrent(id string) {
	beside := filepath.Join(a.dir, ".current")
	_ = os.Remove(beside)
	if os.Symlink(filepath.Join("snapshots", id), beside) == nil {
		_ = os.Rename(beside, filepath.Join(a.dir, "current"))
	}
}

// prune removes all but the newest snapshots, and never the latest.
func (a *Archive) prune(latest string) error {
	entries, err := os.ReadDir(filepath.Join(a.dir, "snapshots"))
	if err != nil {
		return fmt.Errorf("list the snapshots: %w", err)
	}
	type old struct {
		name string
		at   time.Time
	}
	var olds []old
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || e.Name() == latest {
			continue
		}
		olds = append(olds, old{e.Name(), info.ModTime()})
	}
	slices.SortFunc(olds, func(x, y old) int { return y.at.Compare(x.at) })
	for _, o := range olds[min(len(olds), kept-1):] {
		if err := os.RemoveAll(Folder(a.dir, o.name)); err != nil {
			return fmt.Errorf("remove the old snapshot %s: %w", o.name, err)
		}
	}
	return nil
}
