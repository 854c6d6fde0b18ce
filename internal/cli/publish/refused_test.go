package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

// TestABuildAndItsDestinationLieApart and what is mistyped is told before anything
// is written.
func TestABuildAndItsDestinationLieApart(t *testing.T) {
	build := clitest.Build(t, map[string]string{"index.html": "<p>hello", "sub/a.html": "a"})
	home := t.TempDir()
	link, file := filepath.Join(home, "link"), filepath.Join(home, "file")
	if err := os.Symlink(build, link); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ from, to, want string }{
		"the build itself":         {build, build, "lie in one another"},
		"the build by a link":      {link, build, "lie in one another"},
		"to a link to the build":   {build, link, "lie in one another"},
		"inside of the build":      {build, filepath.Join(build, "out", "www"), "lie in one another"},
		"a part of the build":      {filepath.Join(build, "sub"), build, "lie in one another"},
		"a file as a destination":  {build, file, "is a file: name the folder"},
		"a file as a build":        {filepath.Join(build, "index.html"), filepath.Join(home, "www"), "is a file: give the folder of the built site"},
		"a release number of zero": {"", "", "0 is no release's number"},
	} {
		for _, command := range []string{"deploy", "plan"} {
			args := []string{command, c.from, "file://" + c.to}
			if c.from == "" {
				args = []string{"rollback", "file://" + home + "/www", "0"}
			}
			if o := clitest.Run(t, clitest.Invocation{Args: args}); o.Code != exit.Usage || !strings.Contains(o.Err, c.want) || o.Out != "" {
				t.Errorf("%s: %s: %+v", name, command, o)
			}
		}
	}
	left, err := os.ReadDir(home)
	if err != nil || len(left) != 2 {
		t.Errorf("what was refused wrote %v, %v", left, err)
	}
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"deploy", build, "file://" + home + "/" + filepath.Base(build) + "-www"}}); o.Code != 0 {
		t.Errorf("beside the build: %+v", o)
	}
}

func TestWhatAReleaseEngineerReads(t *testing.T) {
	build, www := clitest.Build(t, map[string]string{"index.html": "<p>one", "a.html": "a"}), filepath.Join(t.TempDir(), "www")
	to := "file://" + www
	write := func(name, body string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(build, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		before func()
		args   []string
		code   int
		want   string // of all that is said, with single spaces
	}{
		{args: []string{"deploy", build, to, "--dry-run"}, want: "to send 2 files"},
		{args: []string{"deploy", build, to}, want: "sent 2 files"},
		{args: []string{"rollback", to}, code: exit.NotFound, want: "pressrun: there is no release before the live one to go back to\n"},
		{before: func() { write("index.html", "<p>two") }, args: []string{"deploy", build, to}, want: "release 2 is live"},
		{args: []string{"rollback", to, "--dry-run"}, want: "to copy 1 file"},
		{args: []string{"rollback", to}, want: "copied 1 file"},
		{args: []string{"releases", "list", to}, want: "live, rolled back to\n"},
		{args: []string{"rollback", to, "9"}, code: exit.NotFound, want: "pressrun releases list shows those that are\n"},
		{args: []string{"releases", "diff", to, "0"}, code: exit.Usage, want: "0 is no release's number"},
		{args: []string{"releases", "diff", to, "2", "0"}, code: exit.Usage, want: "0 is no release's number"},
		{args: []string{"releases", "show", to, "0"}, code: exit.Usage, want: "0 is no release's number"},
		{args: []string{"releases", "show", to}, want: "changed 1 file since release 2"},
	} {
		if c.before != nil {
			c.before()
		}
		o := clitest.Run(t, clitest.Invocation{Args: c.args})
		said := o.Out + o.Err
		for strings.Contains(said, "  ") {
			said = strings.ReplaceAll(said, "  ", " ")
		}
		if o.Code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s", c.args, o.Code, c.code, c.want, said)
		}
	}
}
