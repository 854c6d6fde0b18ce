//go:build unix

package dir

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// supported is an error on systems where a folder can't be swapped atomically.
func supported() error { return nil }

// lockFile waits for the lock of an open file. Closing the file releases it, as does the
// end of the process.
func lockFile(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX) }

// chownLike gives a file the owner and group of another one.
func chownLike(name string, other fs.FileInfo) error {
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
