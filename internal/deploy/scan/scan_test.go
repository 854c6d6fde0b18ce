package scan

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

func write(t *testing.T, dir, name, body string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
}

func paths(tree manifest.Tree) []string {
	var all []string
	for _, f := range tree.Files {
		all = append(all, f.Path)
	}
	return all
}

func TestEveryFileIsReadUnderItsNameByteForByte(t *testing.T) {
	dir := t.TempDir()
	names := []string{
		"with space.html", "hash#.html", "query?.html", "per%20cent.html", "plus+.html", "caf\u00e9.html", "cafe\u0301.html",
		"日本/語.html", ".hidden", "..a/b..html", "back\\slash.html", "index.html",
	}
	for _, n := range names {
		write(t, dir, n, "at "+n)
	}
	tree, err := Scan(t.Context(), dir)
	if err != nil || len(tree.Refused) > 0 {
		t.Fatalf("%+v, %v", tree.Refused, err)
	}
	slices.Sort(names)
	if diff := cmp.Diff(names, paths(tree)); diff != "" {
		t.Error(diff)
	}
	for _, f := range tree.Files {
		if f.Size != int64(len("at "+f.Path)) {
			t.Errorf("%s has %d bytes", f.Path, f.Size)
		}
	}
}

func TestWhatCanNotBePublishedIsRefusedByName(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	write(t, outside, "secret.html", "secret")
	write(t, dir, "index.html", "home")
	write(t, dir, "real/page.html", "page")
	long := strings.Repeat(strings.Repeat("d", 200)+"/", 5) + strings.Repeat("e", 20)
	write(t, dir, long, "long")
	for name, target := range map[string]string{
		"out": outside, "out.html": filepath.Join(outside, "secret.html"), "nothing": "not-there", "circle": ".", "real/up": "..", "alias": "real",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"tab\t.html", "line\n.html", "bell\a.html", "del\x7f.html", "none\uFFFE.html", "latin1-\xe9.html"} {
		write(t, dir, name, "x")
	}
	tree, err := Scan(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alias/page.html", "index.html", "real/page.html"}, paths(tree)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	const control = "its name has a control character"
	want := map[string]string{
		"out": "a link that leaves the build", "out.html": "a link that leaves the build", "nothing": "a link to nothing",
		"circle": "a link in a circle", "real/up": "a link in a circle", "alias/up": "a link in a circle",
		"tab\t.html": control, "line\n.html": control, "bell\a.html": control, "del\x7f.html": control, "none\uFFFE.html": control,
		"latin1-\uFFFD.html": "its name is not UTF-8", long: "its path is longer than 1024 bytes",
	}
	got := map[string]string{}
	for _, r := range tree.Refused {
		got[r.Path] = r.Why
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func TestABuildThatCanNotBeReadIsAnErrorThatNamesThePlace(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "index.html", "home")
	for name, c := range map[string]struct{ root, want string }{
		"nothing":             {filepath.Join(dir, "none"), "read the build: stat " + filepath.Join(dir, "none")},
		"a file":              {filepath.Join(dir, "index.html"), "index.html is a file, not a folder"},
		"nothing in its name": {"", "read the build: "},
	} {
		if _, err := Scan(t.Context(), c.root); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want it to say %q", name, err, c.want)
		}
	}
}

// A file that is gone between the look into its folder and its turn.
func TestAFileThatVanishesWhileTheBuildIsReadIsToldAsSuch(t *testing.T) {
	s := &scanner{root: t.TempDir()}
	names := make(chan string, 1)
	names <- "gone.html"
	close(names)
	err := inWords(s.hashAll(names))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "let the build end first, then deploy again") || !strings.Contains(err.Error(), "gone.html") {
		t.Errorf("got %v", err)
	}
}
