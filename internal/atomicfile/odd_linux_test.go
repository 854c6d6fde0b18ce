package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Of the file systems that can't put a folder's names on disk, every Linux has
// /proc.
func TestAFolderThatCannotBeSyncedIsNoFailure(t *testing.T) {
	d, err := os.Open("/proc/self")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); !errors.Is(err, syscall.EINVAL) {
		t.Fatalf("this says nothing: /proc answers %v", err)
	}
	if err := SyncFolder("/proc/self"); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestANewFileReplacesNoneWhereThereAreNoLinks(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	noLinks := func(from, to string) error {
		return &os.LinkError{Op: "link", Old: from, New: to, Err: syscall.EPERM} // link(2), of FAT
	}
	for i, want := range []error{nil, fs.ErrExist} {
		if err := os.WriteFile(from, []byte{byte('0' + i)}, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := moveBy(noLinks, from, to); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		if text, err := os.ReadFile(to); err != nil || string(text) != "0" {
			t.Errorf("the file holds %q (%v)", text, err)
		}
	}
}
