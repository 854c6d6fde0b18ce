package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

var _ store.Stager = (*Site)(nil)

// keepTrees is how many trees stay: the live one, and the one before it for
// requests that resolved their path just before the swap.
const keepTrees = 2

// Site is the public folder: a Store that shows a whole release at one instant.
type Site struct {
	Store
	folder string // what the web server reads
	home   string // folder + ".pressrun"
	staged string // the tree being written; empty when none is
}

// Open returns the public store of a folder and the private one for its state.
// Neither is created before the first write.
func Open(folder string) (*Site, *Store, error) {
	if err := supported(); err != nil {
		return nil, nil, err
	}
	if !filepath.IsAbs(folder) {
		return nil, nil, fmt.Errorf("the destination folder %q is not an absolute path", folder)
	}
	folder = filepath.Clean(folder)
	if folder == string(filepath.Separator) {
		return nil, nil, errors.New("the destination folder can't be the root of the file system")
	}
	home := folder + ".pressrun"
	if err := refuseLink(folder, home); err != nil {
		return nil, nil, err
	}
	name := "file://" + filepath.ToSlash(folder)
	site := &Site{Store: Store{name: name, root: folder, kept: filepath.Join(home, "content")}, folder: folder, home: home}
	state := &Store{name: name + ".pressrun/state", root: filepath.Join(home, "state"), lock: filepath.Join(home, "lock"), tagged: true}
	return site, state, nil
}

// refuseLink refuses a folder that is a foreign link: the swap would put the site's link
// in its place, and writes to the link's target would no longer reach the site.
func refuseLink(folder, home string) error {
	target, err := os.Readlink(folder)
	if err != nil {
		return nil //nolint:nilerr // no link, or not there: what else is wrong shows at the first use
	}
	absolute := target
	if !filepath.IsAbs(target) {
		absolute = filepath.Join(filepath.Dir(folder), target)
	}
	trees := filepath.Join(home, "trees")
	if filepath.Dir(absolute) == trees {
		return nil
	}
	resolved, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return fmt.Errorf("the destination %s is a link to %s, which leads nowhere (%w): move it away", folder, target, err)
	}
	if trees, err := filepath.EvalSymlinks(trees); err == nil && filepath.Dir(resolved) == trees {
		return nil
	}
	return fmt.Errorf("the destination %s is a link to %s that Pressrun did not make: deploy to file://%s, or move the link away", folder, target, filepath.ToSlash(resolved))
}

// guard serialises conditional writes of the state between processes. The site
// needs none, as its writers hold the deploy's lease.
func (s *Store) guard() (unlock func(), err error) {
	if s.lock == "" {
		return func() {}, nil
	}
	for range lockTries - 1 {
		unlock, err = s.tryGuard()
		if gone := errors.Is(err, errLockMoved) || errors.Is(err, store.ErrNotFound) || errors.Is(err, fs.ErrExist); !gone {
			return unlock, err
		}
	}
	return s.tryGuard()
}

// lockTries bounds how often all may be removed while somebody waits for the lock.
const lockTries = 100

// errLockMoved: the lock's holder removed it, with the state that it guards.
var errLockMoved = errors.New("the lock was removed in the meantime")

func (s *Store) tryGuard() (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(s.lock), publicDir); err != nil {
		return nil, s.explain("lock", "the state", err)
	}
	f, err := os.OpenFile(s.lock, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, s.explain("lock", "the state", err)
	}
	err = lockFile(f)
	if err == nil {
		err = stillAt(f, s.lock)
	}
	if err != nil {
		return nil, errors.Join(s.explain("lock", "the state", err), f.Close())
	}
	// Closing the file gives the lock back; nothing is lost if that fails.
	return func() { _ = f.Close() }, nil
}

// stillAt makes sure that a name is still that of an open file.
func stillAt(f *os.File, name string) error {
	opened, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(opened, there) {
		return errLockMoved
	}
	return err
}

// Stage starts a new tree with everything the folder serves now.
func (s *Site) Stage(ctx context.Context, sequence int64) error {
	tree := filepath.Join(s.home, "trees", fmt.Sprintf("%010d", sequence))
	if err := os.RemoveAll(tree); err != nil {
		return s.explain("clear", tree, err)
	}
	if err := os.MkdirAll(tree, publicDir); err != nil {
		return s.explain("make", tree, err)
	}
	if err := carry(ctx, s.folder, tree); err != nil {
		return fmt.Errorf("prepare the new tree for %s: %w", s.name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged, s.root = tree, tree
	return nil
}

// Publish swaps the folder for the staged tree, atomically.
func (s *Site) Publish(_ context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.staged == "" {
		return nil
	}
	target, err := filepath.Rel(filepath.Dir(s.folder), s.staged)
	if err != nil {
		return fmt.Errorf("publish to %s: %w", s.name, err)
	}
	next := s.folder + ".pressrun-next"
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.explain("clear", next, err)
	}
	if err := os.Symlink(target, next); err != nil {
		return s.explain("link", next, err)
	}
	if err := swap(next, s.folder); err != nil {
		return fmt.Errorf("publish to %s: %w", s.name, errors.Join(err, os.RemoveAll(next)))
	}
	s.root, s.staged = s.folder, ""
	return s.prune(filepath.Base(target))
}

// swap puts next in the folder's place. A real folder can't be renamed over, so
// the two change places and the old one goes.
func swap(next, folder string) error {
	info, err := os.Lstat(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err != nil || !info.IsDir() {
		return os.Rename(next, folder)
	}
	err = exchange(next, folder)
	if errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EXDEV) {
		return fmt.Errorf("%s is a mount point, which can't be swapped: deploy to a folder inside it, and let the web server read that one", folder)
	}
	if err != nil {
		return fmt.Errorf("swap %s for a link: %w", folder, err)
	}
	// All files of the old folder are linked in the new tree.
	return os.RemoveAll(next)
}

// Discard removes the staged tree.
func (s *Site) Discard() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tree := s.staged
	s.root, s.staged = s.folder, ""
	if tree == "" {
		return nil
	}
	if live, err := filepath.EvalSymlinks(s.folder); err == nil && filepath.Base(live) == filepath.Base(tree) {
		return nil // the swap was made, though it was reported as failed
	}
	if err := os.RemoveAll(tree); err != nil {
		return s.explain("clear", tree, err)
	}
	return nil
}

// prune removes trees that nothing reads any more.
func (s *Site) prune(live string) error {
	dir := filepath.Join(s.home, "trees")
	entries, err := os.ReadDir(dir)
	if err != nil {
		return s.explain("tidy", dir, err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.Name() != live {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	for _, name := range names[:max(0, len(names)-keepTrees+1)] {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return s.explain("tidy", name, err)
		}
	}
	return nil
}
