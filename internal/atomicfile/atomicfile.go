// Package atomicfile writes files that exist whole or not at all, even across a crash:
// they are written under a temporary name in the same folder, synced to disk, and then
// renamed. All are for their owner only (0600). When a function returns nil, the content
// and its name outlive a power cut; when it returns an error, what was there before is
// there still, and nothing lies beside it.
package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
)

// Write makes a file, or replaces it. Its folder must be there.
func Write(path string, text []byte) error {
	_, err := Replace(path, bytes.NewReader(text))
	return err
}

// Replace makes a file, or replaces it, from a reader. It returns the number of bytes.
func Replace(path string, content io.Reader) (int64, error) {
	return write(path, content, os.Rename)
}

// Create makes a new file from a reader, and returns the number of bytes; fs.ErrExist
// when the file exists.
func Create(path string, content io.Reader) (int64, error) {
	return write(path, content, moveNew)
}

// Place syncs a file that another program has written to disk, then renames it to path,
// which must be in the same folder. fs.ErrExist when path exists. The temporary file is
// removed in any case.
func Place(temporary, path string) error {
	f, err := os.OpenFile(temporary, os.O_RDWR, 0) // Windows syncs only what can be written
	if err != nil {
		return errors.Join(err, remove(temporary))
	}
	return finish(f, path, nil, moveNew)
}

func write(path string, content io.Reader, move func(from, to string) error) (int64, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*.tmp") // 0600
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, content)
	return n, finish(f, path, err, move)
}

// finish syncs a file to disk and moves it to path, or removes it after an error.
func finish(f *os.File, path string, err error, move func(from, to string) error) error {
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = move(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, remove(f.Name()))
	}
	return SyncFolder(filepath.Dir(path))
}

// moveNew moves a file to a name that is not taken. A hard link fails if another has
// taken the name meanwhile; where there are no links, it looks first.
func moveNew(from, to string) error { return moveBy(os.Link, from, to) }

func moveBy(link func(from, to string) error, from, to string) error {
	err := link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	_, looked := os.Lstat(to)
	switch {
	case looked == nil:
		return &fs.PathError{Op: "create", Path: to, Err: fs.ErrExist}
	case !errors.Is(looked, fs.ErrNotExist):
		return errors.Join(err, looked)
	}
	return os.Rename(from, to)
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// left matches the temporary names that write gives.
var left = regexp.MustCompile(`^\..+-[0-9]+\.tmp$`)

// RemoveLeft removes the temporary files that a killed process left in a folder. No
// process may be writing there.
func RemoveLeft(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		if e.Type().IsRegular() && left.MatchString(e.Name()) {
			errs = append(errs, remove(filepath.Join(folder, e.Name())))
		}
	}
	return errors.Join(errs...)
}

// SyncFolder puts a folder's list of names on disk, so that new ones outlive a power cut.
// Windows can't, and needs no such call. Some file systems can't either (network shares,
// FUSE; fsync(2): EINVAL): that is no error, since the file is in its place.
func SyncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("sync the folder: %w", err)
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}
