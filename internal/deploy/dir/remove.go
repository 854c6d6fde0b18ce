package dir

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Remove removes the public link first, then the trees and the kept content. The state
// stays, and with it the lease that the caller holds.
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

// RemoveHome removes the folder beside the public one, with the state, unless a key of the
// state exists. It removes the lock last: until then writers wait.
func (s *Store) RemoveHome(unless string) error {
	home := filepath.Dir(s.lock)
	if _, err := os.Lstat(home); s.lock == "" || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	unlock, err := s.acquireLock()
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
