package year

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// roomNeeded is what a drill of ten years may fill; containers often have less
// memory for files than that.
const roomNeeded = 1 << 30

// stateFolder is a folder in memory, if the machine has one with room and nobody
// asks for another by TMPDIR. Every commit of the ledger waits for the disk, some
// 70,000 times a year: on disk, the drill measures the disk.
func stateFolder(t *testing.T) string {
	t.Helper()
	const memory = "/dev/shm"
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(memory, &fs) != nil || int64(fs.Bavail)*fs.Bsize < roomNeeded {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(memory, "pressrun-year-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// cpuTime is what the process has had of the CPUs so far, in all its threads.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
