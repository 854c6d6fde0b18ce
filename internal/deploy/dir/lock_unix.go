//go:build unix

package dir

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// supported refuses systems on which a folder can't be swapped at one instant.
func supported() error { return nil }

// lockFile waits for the lock of an open file. It is given back when the file is
// closed, also by the end of the process.
func lockFile(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX) }

// giveTo makes a file that of the owner and the group that another one has.
func giveTo(name string, other fs.FileInfo) error {
	want, ok := other.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	info, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if have, ok := info.Sys().(*syscall.Stat_t); ok && have.Uid == want.Uid && have.Gid == want.Gid {
		return nil
	}
	return os.Lchown(name, int(want.Uid), int(want.Gid))
}
