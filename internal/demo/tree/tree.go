// Package tree writes a set of files as one folder, all or nothing.
package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Replace makes dir hold exactly files (slash-separated relative path ->
// content). The files are written beside dir first and renamed into place, so
// an error leaves dir as it was. The former content of dir is removed: the
// caller must know that it may be.
func Replace(dir string, files map[string][]byte) (err error) {
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o750); err != nil {
		return fmt.Errorf("make parent folder: %w", err)
	}
	work, err := os.MkdirTemp(parent, ".building-*")
	if err != nil {
		return fmt.Errorf("make work folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	fresh := filepath.Join(work, "new")
	if err := writeAll(fresh, files); err != nil {
		return err
	}
	return swap(dir, fresh, filepath.Join(work, "old"))
}

func writeAll(dir string, files map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !fs.ValidPath(name) {
			return fmt.Errorf("write %q: not a path inside the folder", name)
		}
		target := filepath.Join(dir, filepath.FromSlash(name))
		// Web servers of other users read the published files: hence 0755 and 0644.
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // public files
			return fmt.Errorf("make folder: %w", err)
		}
		if err := os.WriteFile(target, files[name], 0o644); err != nil { //nolint:gosec // public files
			return fmt.Errorf("write file: %w", err)
		}
	}
	return nil
}

// swap puts fresh in dir's place. For the moment between the two renames there
// is no dir: a build's output has no reader then, the deploy comes after it.
func swap(dir, fresh, old string) error {
	err := os.Rename(dir, old)
	if errors.Is(err, fs.ErrNotExist) {
		return wrap("move new folder into place", os.Rename(fresh, dir))
	}
	if err != nil {
		return fmt.Errorf("move old folder away: %w", err)
	}
	if err := os.Rename(fresh, dir); err != nil {
		return errors.Join(fmt.Errorf("move new folder into place: %w", err), wrap("put old folder back", os.Rename(old, dir)))
	}
	return nil
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
