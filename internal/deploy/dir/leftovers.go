package dir

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// leftover is the pattern of createTemp's names.
const leftover = ".pressrun-*.tmp"

// RemoveLeftovers removes the temporary files of killed writers from the folder of the keys
// that begin with prefix, which ends with a slash. It holds the lock that every write holds
// from its first byte to its rename: so no temporary file is in use. Only the state of a
// destination has that lock.
func (s *Store) RemoveLeftovers(prefix string) error {
	if s.lock == "" {
		return fmt.Errorf("tidy %s in %s: its writers hold no lock: %w", prefix, s.name, errors.ErrUnsupported)
	}
	unlock, err := s.acquireLock()
	if err != nil {
		return err
	}
	defer unlock()
	p, err := s.reading("tidy", prefix+leftover)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer p.close()
	entries, err := fs.ReadDir(p.folder.FS(), ".")
	if err != nil {
		return s.explain("tidy", prefix, err)
	}
	var errs []error
	for _, e := range entries {
		if is, _ := path.Match(leftover, e.Name()); is && e.Type().IsRegular() {
			errs = append(errs, p.folder.Remove(e.Name()))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return s.explain("tidy", prefix, err)
	}
	p.close()
	s.removeEmpty(prefix + leftover)
	return nil
}
