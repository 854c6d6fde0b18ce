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
		got[r.Path] = r.Reason
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

// linkedBuild is a build with links of every kind that stay inside it, and two that
// do not; it is in the folder "build" of the folder that is returned.
func linkedBuild(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	build := filepath.Join(dir, "build")
	write(t, build, "index.html", "home")
	write(t, build, "real/a.css", "a{}")
	write(t, build, "real/deep/b.css", "b{}")
	write(t, build, "..dots/c.css", "c{}")
	write(t, dir, "build-2/secret.html", "beside the build, with its name in front")
	for name, target := range map[string]string{
		"file.css": "real/a.css", "folder": "real", "absolute": filepath.Join(build, "real"), "absolute.css": filepath.Join(build, "real/a.css"),
		"twice": "folder", "real/deep/up.css": "../a.css", "around": "../build/real/deep", "dots": "..dots",
		"out": "../build-2", "out.html": "../build-2/secret.html", "whole": build, "self": "self", "ping": "pong", "pong": "ping",
	} {
		if err := os.Symlink(filepath.FromSlash(target), filepath.Join(build, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(build, filepath.Join(dir, "current")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// However the build is named, the same files are published.
func TestLinksAreJudgedAlikeHoweverTheBuildIsNamed(t *testing.T) {
	dir := linkedBuild(t)
	files := []string{
		"..dots/c.css", "absolute.css", "absolute/a.css", "absolute/deep/b.css", "absolute/deep/up.css", "around/b.css", "around/up.css",
		"dots/c.css", "file.css", "folder/a.css", "folder/deep/b.css", "folder/deep/up.css", "index.html",
		"real/a.css", "real/deep/b.css", "real/deep/up.css", "twice/a.css", "twice/deep/b.css", "twice/deep/up.css",
	}
	refused := []manifest.Refused{
		{Path: "out", Reason: "a link that leaves the build"},
		{Path: "out.html", Reason: "a link that leaves the build"},
		{Path: "ping", Reason: "a link in a circle"},
		{Path: "pong", Reason: "a link in a circle"},
		{Path: "self", Reason: "a link in a circle"},
		{Path: "whole", Reason: "a link in a circle"},
	}
	for _, c := range []struct{ at, root string }{
		{".", filepath.Join(dir, "build")},
		{".", "build"},
		{".", "build/"},
		{".", "./build/../build"},
		{".", "current"},
		{".", filepath.Join(dir, "current")},
		{"build", "."},
		{"build", "./"},
		{"build/real", ".."},
		{"build-2", "../build"},
		{"build-2", "../current/"},
	} {
		t.Run(c.root+" in "+c.at, func(t *testing.T) {
			t.Chdir(filepath.Join(dir, c.at))
			tree, err := Scan(t.Context(), c.root)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(files, paths(tree)); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(refused, tree.Refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
		})
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
	err := explain(s.hashAll(names))
	if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "let the build end first, then deploy again") || !strings.Contains(err.Error(), "gone.html") {
		t.Errorf("got %v", err)
	}
}
