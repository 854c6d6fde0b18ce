package servers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Shared memory no larger than this is a container's own, which a test may fill.
const ownSharedMemory = 256 << 20

// SmallDisk is a folder on a file system of its own that is soon full: a tmpfs of
// so many bytes, mounted as root or through a passwordless sudo. A container that
// may mount nothing has one already, its small /dev/shm.
func SmallDisk(t testing.TB, size int64) string {
	t.Helper()
	dir := t.TempDir()
	options := fmt.Sprintf("size=%d,mode=0777", size)
	err := unix.Mount("tmpfs", dir, "tmpfs", 0, options)
	if err == nil {
		t.Cleanup(func() {
			if err := unix.Unmount(dir, 0); err != nil {
				t.Errorf("unmount %s: %v", dir, err)
			}
		})
		return dir
	}
	if exec.CommandContext(t.Context(), "sudo", "-n", "mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).Run() == nil {
		t.Cleanup(func() {
			if said, err := exec.Command("sudo", "-n", "umount", dir).CombinedOutput(); err != nil {
				t.Errorf("unmount %s: %v: %s", dir, err, said)
			}
		})
		return dir
	}
	var shm unix.Statfs_t
	if unix.Statfs("/dev/shm", &shm) == nil && shm.Type == unix.TMPFS_MAGIC && shm.Blocks*uint64(shm.Bsize) <= ownSharedMemory {
		if dir, mkdirErr := os.MkdirTemp("/dev/shm", "full-"); mkdirErr == nil {
			t.Cleanup(func() {
				if err := os.RemoveAll(dir); err != nil {
					t.Errorf("remove %s: %v", dir, err)
				}
			})
			return dir
		}
	}
	Missing(t, fmt.Sprintf("a small disk (mount a tmpfs: %v)", err), "run the tests as root, or with a passwordless sudo")
	return ""
}

// Fill takes the room that is left on a disk but for so many bytes, until the
// test calls free.
func Fill(t testing.TB, disk string, left int64) (free func()) {
	t.Helper()
	name := filepath.Join(disk, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatalf("fill %s: %v", disk, err)
	}
	defer f.Close()
	for _, piece := range []int{1 << 20, 4 << 10, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, piece))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("fill %s: %v", disk, err)
		}
	}
	if left > 0 {
		info, err := f.Stat()
		if err == nil {
			err = f.Truncate(max(0, info.Size()-left))
		}
		if err != nil {
			t.Fatalf("fill %s: %v", disk, err)
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Errorf("make room on %s: %v", disk, err)
		}
	}
}
