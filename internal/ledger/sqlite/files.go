package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// Lock keeps other processes off a path by a lock file beside it, until the returned file
// is closed. It fails with a *database.InUse when another process has it.
func Lock(path string) (*os.File, error) { return acquire(path) }

// place resolves links in a path, so that two names of one file share a lock, and makes its folder.
func place(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the ledger: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("make the state folder: %w", err)
	}
	target, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil
	}
	if err != nil {
		return "", fmt.Errorf("find the ledger: %w", err)
	}
	return target, nil
}

// Here checks that the file and its write-ahead log are still in their place. If the
// folder is removed, moved or mounted over, they stay open, and SQLite in WAL mode does
// not notice: acknowledged writes would be lost with the process.
func (f *File) Here() error {
	file, err := os.Stat(f.path)
	if err == nil && !os.SameFile(file, f.opened) {
		err = errors.New("another file is there")
	}
	if err == nil {
		_, err = os.Stat(f.path + "-wal")
	}
	if err != nil {
		return &database.Unavailable{Why: "the ledger in " + filepath.Dir(f.path) + " was removed or replaced while the app runs: put it back where it was, or start the app again", Err: err}
	}
	return nil
}

// private makes the file if it is missing, readable by its owner only. It runs before
// SQLite, which gives the files beside it the same mode. Those that a killed process left
// get the mode too.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		return f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at the file: %w", err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := setMode(path+suffix, info.Mode().Perm()&0o700); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make the file private: %w", err)
		}
	}
	return nil
}

func setMode(path string, mode fs.FileMode) error {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() == mode {
		return err
	}
	return os.Chmod(path, mode)
}
