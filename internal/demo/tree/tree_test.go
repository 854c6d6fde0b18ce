package tree_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/demo/tree"
)

func TestReplaceLeavesExactlyTheNewFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "site")
	replace(t, dir, map[string][]byte{"index.html": []byte("1"), "old/page.html": []byte("2")})
	replace(t, dir, map[string][]byte{"index.html": []byte("3"), "new/page.html": []byte("4")})
	want := map[string]string{"index.html": "3", "new/page.html": "4"}
	if diff := cmp.Diff(want, read(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	if rest, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".building-*")); err != nil || len(rest) > 0 {
		t.Errorf("work folders left behind: %v %v", rest, err)
	}
}

func TestReplaceChangesNothingOnError(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "site")
	replace(t, dir, map[string][]byte{"index.html": []byte("1")})
	cases := map[string]map[string][]byte{
		"a path that climbs":             {"index.html": []byte("2"), "../escape": nil},
		"an absolute path":               {"index.html": []byte("2"), "/tmp/x": nil},
		"a file where a folder is asked": {"a": []byte("2"), "a/b": []byte("3")},
	}
	for name, files := range cases {
		if err := tree.Replace(dir, files); err == nil {
			t.Errorf("%s: no error", name)
		}
		if diff := cmp.Diff(map[string]string{"index.html": "1"}, read(t, dir)); diff != "" {
			t.Errorf("%s: files (-want +got):\n%s", name, diff)
		}
	}
}

func replace(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := tree.Replace(dir, files); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, relErr := filepath.Rel(dir, path)
		if relErr != nil {
			return relErr
		}
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
