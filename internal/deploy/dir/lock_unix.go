//go:build unix

package dir

import (
	"os"

	"golang.org/x/sys/unix"
)

// supported refuses systems on which a folder can't be swapped at one instant.
func supported() error { return nil }

// lockFile waits for the lock of an open file. It is given back when the file is
// closed, also by the end of the process.
func lockFile(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX) }
