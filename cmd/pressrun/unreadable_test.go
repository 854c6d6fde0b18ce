//go:build unix

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

// nobody is an ordinary user, for tests that run as root, who may read all.
const nobody = 65534

// TestABuildOrADestinationThatThisUserMayNotUse runs the real program as an
// ordinary user.
func TestABuildOrADestinationThatThisUserMayNotUse(t *testing.T) {
	home, err := os.MkdirTemp("", "pressrun-user-") //nolint:usetesting // the way to t.TempDir is the test's user's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(home); err != nil {
			t.Error(err)
		}
	})
	program := shared(t, home)
	build, www := filepath.Join(home, "build"), filepath.Join(home, "srv", "www")
	for _, dir := range []string{filepath.Join(build, "news"), filepath.Dir(www)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	page := filepath.Join(build, "news", "index.html")
	for _, file := range []string{filepath.Join(build, "index.html"), page} {
		if err := os.WriteFile(file, []byte("page"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	own(t, home, filepath.Dir(www), build, filepath.Join(build, "news"), page)
	for _, c := range []struct {
		name, place string
		mode        os.FileMode
		code        int
		want        string
	}{
		{"a file that can't be read", page, 0, exit.Failed, "read the build: this user may not read it: check its owner and mode: open " + page + ": permission denied"},
		{"a folder that can't be read", filepath.Join(build, "news"), 0, exit.Failed, "read the build: this user may not read it: check its owner and mode: open " + filepath.Join(build, "news") + ": permission denied"},
		{"a destination that can't be written", filepath.Dir(www), 0o555, exit.Failed, "this user may not: check the folder's owner and mode"},
		{"all is as it must be", page, 0o644, exit.OK, "release 1 is live"},
	} {
		before, err := os.Stat(c.place)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(c.place, c.mode); err != nil {
			t.Fatal(err)
		}
		o := asUser(t, home, program, "deploy", build, "file://"+www, "--site", "www")
		if err := os.Chmod(c.place, before.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
		if o.Code != c.code || !strings.Contains(o.Out+o.Err, c.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s%s", c.name, o.Code, c.code, c.want, o.Out, o.Err)
		}
		if _, err := os.Stat(filepath.Join(www, "index.html")); (err == nil) != (c.code == exit.OK) {
			t.Errorf("%s: the home page is live: %v", c.name, err == nil)
		}
	}
}

// shared copies the program to where another user may run it.
func shared(t *testing.T, home string) string {
	t.Helper()
	built, err := program()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(built)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	name := filepath.Join(home, "pressrun")
	out, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func own(t *testing.T, places ...string) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	for _, p := range places {
		if err := os.Chown(p, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
}

// asUser runs a program as an ordinary user.
func asUser(t *testing.T, home, program string, args ...string) clitest.Outcome {
	t.Helper()
	cmd, out, errs := start(t, home, args...)
	cmd.Path, cmd.Dir = program, home
	cmd.Env = append(cmd.Env, "HOME="+home)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return clitest.Outcome{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Err: errs.String()}
}
