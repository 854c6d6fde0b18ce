// Package memory gives drills and tests folders that lie in memory. The ledger waits
// for the disk at each commit: where only its content counts, not its outliving a
// power cut, a test in fake time spends most of its real time so, and measures the
// disk.
package memory

import (
	"os"
	"syscall"
	"testing"
)

// shared is where Linux keeps files in memory (shm_overview(7)).
const shared = "/dev/shm"

// roomNeeded is what a drill of ten years may fill; containers often have less
// memory for files than that.
const roomNeeded = 1 << 30

// Folder is an empty folder that is removed at the test's end: in memory, if the
// machine has enough of it for files and nobody asks for another place by TMPDIR,
// else on disk.
func Folder(t testing.TB) string {
	t.Helper()
	var fs syscall.Statfs_t
	if os.Getenv("TMPDIR") != "" || syscall.Statfs(shared, &fs) != nil || int64(fs.Bavail)*fs.Bsize < roomNeeded {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(shared, "pressrun-test-")
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
