package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// aside is the ending of the former folder's name while it is removed.
const aside = ".bake-old"

// Staged is the name of the output's folder before a Swap.
func Staged(dir string) string { return dir + ".bake-new" }

// Swap gives a staged folder its place. Where the system can, the two folders change
// places at one instant; elsewhere there is none for a moment, and a kill just then is
// put right by Recover.
func Swap(staged, dir string) error {
	if err := os.RemoveAll(dir + aside); err != nil {
		return fmt.Errorf("make room for the output: %w", err)
	}
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		return placeError(os.Rename(staged, dir))
	}
	if exchange(staged, dir) == nil {
		return placeError(os.Rename(staged, dir+aside)) // the old one, by now
	}
	if err := os.Rename(dir, dir+aside); err != nil {
		return placeError(err)
	}
	if err := os.Rename(staged, dir); err != nil {
		return placeError(errors.Join(err, os.Rename(dir+aside, dir)))
	}
	return nil
}

func placeError(err error) error {
	if err != nil {
		return fmt.Errorf("move the output into place: %w", err)
	}
	return nil
}

// Placed says whether a staged folder has got its place: by its Identity, or, where the
// system has none, by its name.
func Placed(staged, dir, folder string) bool {
	if folder != "" {
		return Identity(dir) == folder
	}
	_, err := os.Lstat(staged)
	return errors.Is(err, fs.ErrNotExist)
}

// Clean removes the folder that was there before a Swap.
func Clean(dir string) error { return os.RemoveAll(dir + aside) }

// Recover completes or undoes a Swap that a kill cut off, and removes unfinished folders.
func Recover(dir string) error {
	if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(dir + aside); err == nil {
			if err := os.Rename(dir+aside, dir); err != nil {
				return placeError(err)
			}
		}
	}
	return errors.Join(os.RemoveAll(dir+aside), os.RemoveAll(Staged(dir)))
}

// Empty says whether a folder is empty or missing, so that output may replace it.
func Empty(dir string) (bool, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return len(entries) == 0, err
}
