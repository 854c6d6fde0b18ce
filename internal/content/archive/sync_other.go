//go:build !linux

package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// syncAll puts each file of a folder on disk.
func syncAll(folder string) error {
	return filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, err := os.Open(filepath.Clean(name))
		if err != nil {
			return err
		}
		// Windows syncs only what can be written, and these never are again.
		_ = f.Sync()
		return errors.Join(f.Close())
	})
}
