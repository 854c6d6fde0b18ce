//go:build unix

package doctor

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"
)

// freeBytes is what a user may still write on the disk of a folder.
func freeBytes(folder string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, fmt.Errorf("ask how full the disk of %s is: %w", folder, err)
	}
	free := uint64(s.Bavail) * uint64(s.Bsize) //nolint:gosec,unconvert // G115: types differ from one system to another; neither is negative
	return int64(min(free, math.MaxInt64)), nil
}
