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

// place is where a key lies: below an open folder, which no name leads out of.
type place struct {
	root *os.Root
	name string // in the root, with slashes
}

// errNoRoot tells that the folder that keys lie in is not there yet.
var errNoRoot = fmt.Errorf("its folder is not there: %w", store.ErrNotFound)

// blockedError tells that something else than a folder lies where a key needs one.
type blockedError struct {
	name   string // of what lies there
	target string // of a link; empty for anything else
}

func (e *blockedError) Error() string {
	if e.target != "" {
		return fmt.Sprintf("%s is a link to %s, which a deploy never writes or deletes through: move the link away, or leave these files out of the build", e.name, e.target)
	}
	return fmt.Sprintf("%s is a file there, and the release needs a folder of that name: move it away, then deploy again", e.name)
}

// at finds the place of a key, and sees to it that no link leads there.
func (s *Store) at(key string) (*place, error) {
	if !filepath.IsLocal(filepath.FromSlash(key)) {
		return nil, fmt.Errorf("%q is not a path inside the destination", key)
	}
	base, name := s.base(key)
	root, err := os.OpenRoot(base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoRoot
	}
	if err != nil {
		return nil, err
	}
	p := &place{root, path.Clean(name)}
	if err := p.check(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return p, nil
}

// base is the folder that a key lies in, and its name there.
func (s *Store) base(key string) (folder, name string) {
	if rest, ok := strings.CutPrefix(key, KeptPrefix); ok && s.kept != "" {
		return s.kept, rest
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.root, key
}

// check looks at every folder on the way. The root alone would follow a link that
// stays inside it.
func (p *place) check() error {
	for i, c := range p.name {
		if c != '/' {
			continue
		}
		info, err := p.root.Lstat(p.name[:i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := p.root.Readlink(p.name[:i])
			return errors.Join(&blockedError{p.name[:i], target}, err)
		case !info.IsDir():
			return &blockedError{name: p.name[:i]}
		}
	}
	return nil
}

func (p *place) close() { _ = p.root.Close() }

// reading finds the place of a key that is to be read or deleted: behind a link, or
// behind a file, there is nothing of ours.
func (s *Store) reading(verb, key string) (*place, error) {
	p, err := s.at(key)
	if _, blocked := errors.AsType[*blockedError](err); blocked || errors.Is(err, errNoRoot) {
		return nil, fmt.Errorf("%s %s in %s: %w", verb, key, s.name, store.ErrNotFound)
	}
	if err != nil {
		return nil, s.explain(verb, key, err)
	}
	return p, nil
}

// writing finds the place of a key that is to be written, and makes the folders on
// the way.
func (s *Store) writing(key string) (*place, error) {
	base, _ := s.base(key)
	if err := os.MkdirAll(base, publicDir); err != nil {
		return nil, s.explain("write", key, err)
	}
	p, err := s.at(key)
	if err != nil {
		return nil, s.explain("write", key, err)
	}
	err = p.root.MkdirAll(path.Dir(p.name), publicDir)
	info, lookErr := p.root.Lstat(p.name)
	if lookErr == nil && info.IsDir() {
		err = errors.Join(err, fmt.Errorf("%s is a folder there, and the release has a file of that name: move it away, then deploy again", p.name))
	}
	if err != nil {
		p.close()
		return nil, s.explain("write", key, err)
	}
	return p, nil
}

// beside makes a new file in the folder of the place, for a rename over it.
func (p *place) beside() (f *os.File, name string, err error) {
	name = path.Join(path.Dir(p.name), ".pressrun-"+rand.Text()+".tmp")
	f, err = p.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	return f, name, err
}

// open opens the file at the place for reading, with what is told of it. What is no
// file of its own (a link, a pipe) is told of and not opened: f is nil then.
func (p *place) open() (f *os.File, info fs.FileInfo, err error) {
	info, err = p.root.Lstat(p.name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, info, err
	}
	if f, err = p.root.Open(p.name); err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}
