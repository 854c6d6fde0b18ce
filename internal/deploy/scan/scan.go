// Package scan reads a built site from disk and hashes every file once, in parallel. It does
// not use modification times: a build on a CI runner gives every file a new one.
package scan

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"

	"github.com/minio/crc64nvme"
	"golang.org/x/sync/errgroup"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Scan walks and hashes the site under root. Files that can't be published (links that leave
// the tree, devices, names that are too long or not UTF-8) are in the tree's Refused, for a
// guard; a file that can't be read is an error.
func Scan(ctx context.Context, root string) (manifest.Tree, error) {
	info, err := os.Stat(root)
	if err != nil {
		return manifest.Tree{}, fmt.Errorf("read the build: %w", err)
	}
	if !info.IsDir() {
		return manifest.Tree{}, fmt.Errorf("read the build: %s is a file, not a folder", root)
	}
	folder, err := realFolder(root)
	if err != nil {
		return manifest.Tree{}, fmt.Errorf("read the build: %w", err)
	}
	s := &scanner{root: folder}
	group, ctx := errgroup.WithContext(ctx)
	names := make(chan string, 1024)
	group.Go(func() error {
		defer close(names)
		return s.walk(ctx, "", names, nil)
	})
	// Hashing is bound by the processor, opening by the disk: more workers than processors
	// keep both busy.
	for range 2 * runtime.GOMAXPROCS(0) {
		group.Go(func() error { return s.hashAll(names) })
	}
	if err := group.Wait(); err != nil {
		return manifest.Tree{}, fmt.Errorf("read the build: %w", explain(err))
	}
	slices.SortFunc(s.tree.Files, func(a, b manifest.File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(s.tree.Refused, func(a, b manifest.Refused) int { return strings.Compare(a.Path, b.Path) })
	return s.tree, nil
}

// realFolder is the absolute, resolved path of a folder: the targets of links are compared
// with it.
func realFolder(root string) (string, error) {
	absolute, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(absolute)
}

// explain adds advice to the error of a build that can't be read.
func explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("a file disappeared meanwhile: let the build end first, then deploy again: %w", err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not read it: check its owner and mode: %w", err)
	}
	return err
}

type scanner struct {
	root string
	mu   sync.Mutex
	tree manifest.Tree
}

// walk sends the paths of all regular files below dir. chain has the targets of the links
// above, to find loops.
func (s *scanner) walk(ctx context.Context, dir string, names chan<- string, chain []string) error {
	entries, err := os.ReadDir(filepath.Join(s.root, filepath.FromSlash(dir)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if dir != "" {
			name = dir + "/" + name
		}
		kind := e.Type()
		below := chain
		if kind&fs.ModeSymlink != 0 {
			target, mode, why := s.follow(name, chain)
			if why != "" {
				s.refuse(name, why)
				continue
			}
			kind = mode.Type()
			below = append(slices.Clone(chain), target)
		}
		switch {
		case !utf8.ValidString(name):
			s.refuse(strings.ToValidUTF8(name, "\uFFFD"), "its name is not UTF-8")
		case strings.ContainsFunc(name, unlistable):
			s.refuse(name, "its name has a control character")
		case kind.IsDir():
			if err := s.walk(ctx, name, names, below); err != nil {
				return err
			}
		case !kind.IsRegular():
			s.refuse(name, "not a regular file")
		case len(name) > store.MaxKey:
			s.refuse(name, fmt.Sprintf("its path is longer than %d bytes", store.MaxKey))
		default:
			select {
			case names <- name:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// unlistable are characters that XML 1.0 does not have: a store takes them in a name, but
// then its listing has another name, or can't be read.
func unlistable(r rune) bool {
	return r < ' ' || r == '\x7f' || r == '\uFFFE' || r == '\uFFFF'
}

// follow resolves a symbolic link; why is the reason to refuse it, "" for none.
func (s *scanner) follow(name string, chain []string) (target string, mode fs.FileMode, why string) {
	at := filepath.Join(s.root, filepath.FromSlash(name))
	target, err := filepath.EvalSymlinks(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", 0, "a link to nothing"
	case errors.Is(err, fs.ErrPermission):
		return "", 0, "a link that this user may not follow"
	case err != nil: // EvalSymlinks gives up after 255 links
		return "", 0, "a link in a circle"
	}
	if !within(s.root, target) {
		return "", 0, "a link that leaves the build"
	}
	if within(target, at) || slices.Contains(chain, target) {
		return "", 0, "a link in a circle"
	}
	info, err := os.Stat(target)
	if err != nil {
		return "", 0, "a link to nothing"
	}
	return target, info.Mode(), ""
}

// within says whether a path is a folder or is below it; both are absolute.
func within(folder, name string) bool {
	below, err := filepath.Rel(folder, name)
	return err == nil && filepath.IsLocal(below)
}

func (s *scanner) refuse(path, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tree.Refused = append(s.tree.Refused, manifest.Refused{Path: path, Reason: why})
}

func (s *scanner) hashAll(names <-chan string) error {
	buf := make([]byte, 128<<10)
	var files []manifest.File
	for name := range names {
		f, err := hash(filepath.Join(s.root, filepath.FromSlash(name)), buf)
		if err != nil {
			return err
		}
		f.Path = name
		files = append(files, f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tree.Files = append(s.tree.Files, files...)
	return nil
}

// Open opens a regular file of a build. Anything else is an error: opening a pipe would
// block.
func Open(name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Clean(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file any more: %w", name, fs.ErrNotExist)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func hash(name string, buf []byte) (manifest.File, error) {
	f, err := Open(name)
	if err != nil {
		return manifest.File{}, err
	}
	defer func() { _ = f.Close() }()
	var out manifest.File
	sum := sha256.New()
	for {
		n, err := f.Read(buf)
		sum.Write(buf[:n])
		out.CRC = crc64nvme.Update(out.CRC, buf[:n])
		out.Size += int64(n)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return manifest.File{}, err
		}
	}
	sum.Sum(out.Sum[:0])
	return out, nil
}
