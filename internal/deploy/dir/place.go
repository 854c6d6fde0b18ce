package dir

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// place is the place of a key: an open folder, which no name leads out of, and a name. The
// path is resolved once for all operations at the place.
type place struct {
	folder *os.Root
	name   string // in the folder
	key    string // below the root, with slashes
}

// errNoRoot says that the folder of a key does not exist.
var errNoRoot = fmt.Errorf("its folder does not exist: %w", store.ErrNotFound)

// blockedError says that a file or link is where a key needs a folder.
type blockedError struct {
	name   string // of the file or link
	target string // of a link; empty for a file
}

func (e *blockedError) Error() string {
	if e.target != "" {
		return fmt.Sprintf("%s is a link to %s, and a deploy never follows links: move the link away, or leave these files out of the build", e.name, e.target)
	}
	return fmt.Sprintf("%s is a file at the destination, and the release needs a folder of that name: move it away, then deploy again", e.name)
}

// at finds the place of a key, without following links. With makeFolders it makes the
// missing folders of its path.
func (s *Store) at(key string, makeFolders bool) (*place, error) {
	if !filepath.IsLocal(filepath.FromSlash(key)) {
		return nil, fmt.Errorf("%q is not a path inside the destination", key)
	}
	base, name := s.base(key)
	folder, err := os.OpenRoot(base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoRoot
	}
	if err != nil {
		return nil, err
	}
	p := &place{folder: folder, key: path.Clean(name)}
	if err := p.descend(makeFolders); err != nil {
		return nil, errors.Join(err, p.folder.Close())
	}
	return p, nil
}

// base is the root folder of a key, and the key's path below it.
func (s *Store) base(key string) (folder, name string) {
	if rest, ok := strings.CutPrefix(key, KeptPrefix); ok && s.kept != "" {
		return s.kept, rest
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root, key
}

// descend goes from the root to the folder of the key.
func (p *place) descend(makeFolders bool) error {
	p.name = p.key
	for {
		first, rest, deeper := strings.Cut(p.name, "/")
		if !deeper {
			return nil
		}
		if err := p.enter(first, p.key[:len(p.key)-len(rest)-1], makeFolders); err != nil {
			return err
		}
		p.name = rest
	}
}

// enter opens a folder in the folder; whole is its path, for errors. It checks for a link
// first: os.Root follows links that stay inside of it.
func (p *place) enter(name, whole string, makeFolder bool) error {
	info, err := p.folder.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) && makeFolder {
		if err := p.folder.Mkdir(name, publicDir); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		info, err = p.folder.Lstat(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errNoRoot
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := p.folder.Readlink(name)
		return errors.Join(&blockedError{whole, target}, err)
	case !info.IsDir():
		return &blockedError{name: whole}
	}
	inner, err := p.folder.OpenRoot(name)
	if err != nil {
		return err
	}
	outer := p.folder
	p.folder = inner
	return outer.Close()
}

func (p *place) close() { _ = p.folder.Close() }

// reading finds the place of a key to read or delete. Behind a link or a file there is no
// managed file: store.ErrNotFound.
func (s *Store) reading(verb, key string) (*place, error) {
	p, err := s.at(key, false)
	if _, blocked := errors.AsType[*blockedError](err); blocked || errors.Is(err, errNoRoot) {
		return nil, fmt.Errorf("%s %s in %s: %w", verb, key, s.name, store.ErrNotFound)
	}
	if err != nil {
		return nil, s.explain(verb, key, err)
	}
	return p, nil
}

// writing finds the place of a key to write, and makes the folders of its path.
func (s *Store) writing(key string) (*place, error) {
	base, _ := s.base(key)
	if err := os.MkdirAll(base, publicDir); err != nil {
		return nil, s.explain("write", key, err)
	}
	p, err := s.at(key, true)
	if err != nil {
		return nil, s.explain("write", key, err)
	}
	if info, err := p.folder.Lstat(p.name); err == nil && info.IsDir() {
		p.close()
		return nil, s.explain("write", key, fmt.Errorf("%s is a folder at the destination, and the release has a file of that name: move it away, then deploy again", p.key))
	}
	return p, nil
}

// createTemp makes a temporary file in the folder of the place, to be renamed over it.
func (p *place) createTemp() (f *os.File, name string, err error) {
	name = ".pressrun-" + rand.Text() + ".tmp"
	f, err = p.folder.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return f, name, err
}

// open opens the file at the place for reading. For anything but a regular file, f is nil.
func (p *place) open() (f *os.File, info fs.FileInfo, err error) {
	info, err = p.folder.Lstat(p.name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, info, err
	}
	if f, err = p.folder.Open(p.name); err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}
