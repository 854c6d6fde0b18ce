package output

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// exchange lets two folders change places at one instant (renameat2(2)).
func exchange(a, b string) error {
	return unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE)
}

// Identity identifies a folder within its file system, whatever its name.
func Identity(dir string) string {
	var s unix.Stat_t
	if unix.Stat(dir, &s) != nil {
		return ""
	}
	return strconv.FormatUint(s.Ino, 10)
}
