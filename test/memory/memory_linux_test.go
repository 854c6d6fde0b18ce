package memory_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/memory"
)

func TestAFolderIsEmptyAndRemovedAtTheEnd(t *testing.T) {
	for name, want := range map[string]string{"": "", "asked for": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", want)
			var dir string
			t.Run("use", func(t *testing.T) {
				dir = memory.Folder(t)
				if left, err := os.ReadDir(dir); err != nil || len(left) != 0 || !strings.HasPrefix(dir, want) {
					t.Errorf("%s holds %v (%v)", dir, left, err)
				}
				if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			})
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is left: %v", dir, err)
			}
		})
	}
}
