package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Remove removes what readers follow first, then what it led to and what is kept for a
// rollback. The state stays, and with it the lease under which this is done.
func (s *Site) Remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range []string{s.folder, s.folder + ".pressrun-next", filepath.Join(s.home, "trees"), filepath.Join(s.home, "content")} {
		if err := os.RemoveAll(name); err != nil {
			return s.explain("remove", name, err)
		}
	}
	return nil
}

// RemoveHome removes the folder's home beside it, with all of the state, unless a key of
// the state is there (again). The lock goes last: until then its writers wait.
func (s *Store) RemoveHome(unless string) error {
	home := filepath.Dir(s.lock)
	if _, err := os.Lstat(home); s.lock == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := s.guard()
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Lstat(filepath.Join(s.root, filepath.FromSlash(unless))); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	entries, err := os.ReadDir(home)
	if err != nil {
		return s.explain("remove", home, err)
	}
	for _, e := range entries {
		if name := filepath.Join(home, e.Name()); name != s.lock {
			if err := os.RemoveAll(name); err != nil {
				return s.explain("remove", name, err)
			}
		}
	}
	if err := os.Remove(s.lock); err != nil {
		return s.explain("remove", s.lock, err)
	}
	_ = os.Remove(home) // unless another deploy has just begun there
	return nil
}
