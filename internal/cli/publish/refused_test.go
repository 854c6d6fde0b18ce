package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy"
)

// TestABuildAndItsDestinationLieApart and what is mistyped is told before anything
// is written.
func TestABuildAndItsDestinationLieApart(t *testing.T) {
	build := buildOf(t, map[string]string{"index.html": "<p>hello", "sub/a.html": "a"})
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
			if o := invoke(t, invocation{args: args}); o.code != exitUsage || !strings.Contains(o.err, c.want) || o.out != "" {
				t.Errorf("%s: %s: %+v", name, command, o)
			}
		}
	}
	left, err := os.ReadDir(home)
	if err != nil || len(left) != 2 {
		t.Errorf("what was refused wrote %v, %v", left, err)
	}
	if o := invoke(t, invocation{args: []string{"deploy", build, "file://" + home + "/" + filepath.Base(build) + "-www"}}); o.code != 0 {
		t.Errorf("beside the build: %+v", o)
	}
}

// full is a standard output on a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWhatAReleaseEngineerReads(t *testing.T) {
	build, www := buildOf(t, map[string]string{"index.html": "<p>one", "a.html": "a"}), filepath.Join(t.TempDir(), "www")
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
		{args: []string{"rollback", to}, code: exitNotFound, want: "pressrun: there is no release before the live one to go back to\n"},
		{before: func() { write("index.html", "<p>two") }, args: []string{"deploy", build, to}, want: "release 2 is live"},
		{args: []string{"rollback", to, "--dry-run"}, want: "to copy 1 file"},
		{args: []string{"rollback", to}, want: "copied 1 file"},
		{args: []string{"releases", "list", to}, want: "live, rolled back to\n"},
		{args: []string{"rollback", to, "9"}, code: exitNotFound, want: "pressrun releases list shows those that are\n"},
		{args: []string{"releases", "diff", to, "0"}, code: exitUsage, want: "0 is no release's number"},
		{args: []string{"releases", "diff", to, "2", "0"}, code: exitUsage, want: "0 is no release's number"},
		{args: []string{"releases", "show", to, "0"}, code: exitUsage, want: "0 is no release's number"},
		{args: []string{"releases", "show", to}, want: "changed 1 file since release 2"},
	} {
		if c.before != nil {
			c.before()
		}
		o := invoke(t, invocation{args: c.args})
		said := o.out + o.err
		for strings.Contains(said, "  ") {
			said = strings.ReplaceAll(said, "  ", " ")
		}
		if o.code != c.code || !strings.Contains(said, c.want) {
			t.Errorf("%v: exit code %d, want %d and %q:\n%s", c.args, o.code, c.code, c.want, said)
		}
	}
	p := &printer{out: io.Discard, zone: time.UTC, now: time.Now}
	if err := tellPublished(t.Context(), p, deploy.Result{Release: 7, Live: true}, nil, nil); err != nil {
		t.Error(err)
	}
	p.out = full{}
	for _, json := range []bool{false, true} {
		p.json = json
		err := tellPublished(t.Context(), p, deploy.Result{Release: 7, Live: true}, nil, nil)
		if err == nil || !strings.Contains(err.Error(), "release 7 is live, but what was done could not be printed: no space left") {
			t.Errorf("told as %v", err)
		}
	}
}
