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

// keepTrees is how many trees stay: the live one, and the one before for requests that
// resolved their path just before the swap.
const keepTrees = 2

// Site is the public folder: a Store that publishes a release atomically.
type Site struct {
	Store
	folder string // the web server's root
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

// refuseLink refuses a folder that is a foreign link: the swap would replace that link, and
// its target would no longer be the site.
func refuseLink(folder, home string) error {
	target, err := os.Readlink(folder)
	if err != nil {
		return nil //nolint:nilerr // no link, or nothing there: the first use reports other errors
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

// acquireLock serialises conditional writes of the state between processes. The site has no
// lock: its writers hold the lease.
func (s *Store) acquireLock() (unlock func(), err error) {
	if s.lock == "" {
		return func() {}, nil
	}
	for range lockTries - 1 {
		unlock, err = s.tryLock()
		if gone := errors.Is(err, errLockRemoved) || errors.Is(err, store.ErrNotFound) || errors.Is(err, fs.ErrExist); !gone {
			return unlock, err
		}
	}
	return s.tryLock()
}

// lockTries bounds how often the lock may be removed while somebody waits for it.
const lockTries = 100

// errLockRemoved says that the lock's holder removed it with the state.
var errLockRemoved = errors.New("the lock was removed in the meantime")

func (s *Store) tryLock() (unlock func(), err error) {
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
	// Closing the file releases the lock; nothing is lost if that fails.
	return func() { _ = f.Close() }, nil
}

// stillAt makes sure that an open file still has its name.
func stillAt(f *os.File, name string) error {
	opened, err := f.Stat()
	if err != nil {
		return err
	}
	there, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(opened, there) {
		return errLockRemoved
	}
	return err
}

// Stage makes a new tree with the content of the folder.
func (s *Site) Stage(ctx context.Context, sequence int64) error {
	tree := filepath.Join(s.home, "trees", fmt.Sprintf("%010d", sequence))
	if err := os.RemoveAll(tree); err != nil {
		return s.explain("clear", tree, err)
	}
	if err := os.MkdirAll(tree, publicDir); err != nil {
		return s.explain("make", tree, err)
	}
	if err := linkTree(ctx, s.folder, tree); err != nil {
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

// swap puts next in the folder's place. A rename can't replace a real folder: the two
// change places, and the old one is removed.
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
	// All files of the old folder have links in the new tree.
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
		return nil // the swap succeeded although it returned an error
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
