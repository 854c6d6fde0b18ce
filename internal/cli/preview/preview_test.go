package preview_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

func TestPreviewsByHand(t *testing.T) {
	folder := t.TempDir()
	address := func(name string) string { return "file://" + filepath.ToSlash(filepath.Join(folder, name)) }
	place := address("previews")
	page := "<!doctype html><html><head><title>A</title></head><body>A</body></html>"
	site := clitest.Build(t, map[string]string{"index.html": page, "404.html": page})
	branch := clitest.Build(t, map[string]string{"index.html": page, "404.html": page, "new.html": page})
	if got := clitest.Run(t, clitest.Invocation{Args: []string{"deploy", site, address("www"), "--site", "www"}}); got.Code != exit.OK {
		t.Fatal(got)
	}
	t.Setenv("GITHUB_HEAD_REF", "")
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing there", []string{"list", place}, exit.OK, "there are no previews"},
		{"a dry run", []string{"create", branch, place, "--ref", "menu", "--dry-run"}, exit.OK, "dry run: the preview menu would be at"},
		{"still nothing", []string{"list", place}, exit.OK, "there are no previews"},
		{"a preview", []string{"create", branch, place, "--ref", "menu", "--address", "https://*.preview.example.gov", "--compare", address("www")}, exit.OK, "https://menu.preview.example.gov/new.html  added"},
		{"one of the same name", []string{"create", branch, place, "--ref", "other", "--name", "menu"}, exit.Conflict, `the name menu belongs to the preview of "menu": give this one another, such as menu-2`},
		{"listed", []string{"list", place}, exit.OK, "2026-"},
		{"more time", []string{"extend", place, "menu", "--ref", "menu", "--keep", "60d", "--lock"}, exit.OK, "the preview menu stays until"},
		{"too much time", []string{"extend", place, "menu", "--keep", "91d"}, exit.Usage, "up to 90 days"},
		{"no time", []string{"extend", place, "menu", "--keep", "soon"}, exit.Usage, "no span of time"},
		{"all are locked", []string{"create", branch, place, "--ref", "second", "--most", "1"}, exit.Conflict, "all of them are locked"},
		{"nobody", []string{"remove", place, "nobody"}, exit.NotFound, "no such preview"},
		{"a path", []string{"remove", place, "../www"}, exit.NotFound, "no such preview"},
		{"where the site is", []string{"create", branch, address("www"), "--ref", "x"}, exit.Conflict, "a site is published to"},
		{"inside of it", []string{"create", branch, address("www/previews"), "--ref", "x"}, exit.Conflict, "a site is published to"},
		{"no branch", []string{"create", branch, place, "--ref", ""}, exit.Usage, "--ref"},
		{"a hostile branch", []string{"create", branch, place, "--ref", "a\x1b[2Jb"}, exit.Usage, "invisible"},
		{"no build", []string{"create", filepath.Join(folder, "none"), place, "--ref", "x"}, exit.Usage, "no folder of a built site"},
		{"no star", []string{"create", branch, place, "--ref", "x", "--address", "https://preview.example.gov"}, exit.Usage, "one *"},
		{"all may reach it", []string{"serve", place, "--listen", "0.0.0.0:0"}, exit.Usage, "--password-file"},
		{"another branch's, removed", []string{"remove", place, "menu", "--ref", "pull/12"}, exit.NotFound, `no such preview: the name menu belongs to the preview of "menu", and not to one of "pull/12"`},
		{"another branch's, kept longer", []string{"extend", place, "menu", "--ref", "pull/12"}, exit.NotFound, `the name menu belongs to the preview of "menu"`},
		{"nothing is due", []string{"sweep", place}, exit.OK, "nothing is due"},
		{"gone", []string{"remove", place, "menu", "--ref", "menu"}, exit.OK, "the preview menu is gone"},
		{"its name is kept", []string{"create", branch, place, "--ref", "other", "--name", "menu"}, exit.Conflict, `belonged to the preview of "menu" and is kept until 20`},
		{"remembered", []string{"list", place, "--all", "--json"}, exit.OK, `"state": "removed"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := clitest.Run(t, clitest.Invocation{Args: append([]string{"preview"}, c.args...)})
			if got.Code != c.code || !strings.Contains(got.Out+got.Err, c.want) {
				t.Errorf("got %d\n%s%s\nwant %d and %q", got.Code, got.Out, got.Err, c.code, c.want)
			}
		})
	}
}
