package ledger

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/test/servers"
)

// A real disk that is really full: SQLite then fails in other places than
// under its own limit of pages, such as in the middle of its log.
func TestNothingIsAcknowledgedOnAFullTmpfs(t *testing.T) {
	dir := servers.SmallDisk(t, 3<<20)
	path := filepath.Join(dir, "pressrun.db")
	l := open(t, path)
	var acknowledged []string
	for round := range 3 {
		free := servers.Fill(t, dir, 0)
		acknowledged = append(acknowledged, askUntilFull(t, l)...)
		mustHoldExactly(t, l, acknowledged)
		free()
		acknowledged = append(acknowledged, ask(t, l, Request{}).ID)
		mustHoldExactly(t, l, acknowledged)
		if round == 1 { // what is on the full disk is whole for the next process too
			free := servers.Fill(t, dir, 0)
			if err := l.Close(); err != nil {
				t.Logf("close on a full disk: %v", err)
			}
			free()
			l = open(t, path)
			mustHoldExactly(t, l, acknowledged)
		}
	}
	if err := sqlite.Verify(t.Context(), path); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// ordinaryUser starts the test binary as somebody whom file modes bind.
func ordinaryUser(t *testing.T, play, path string) (say func(string) string, end func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], path)
	if os.Geteuid() == 0 {
		program := filepath.Join(filepath.Dir(path), "..", "child.test")
		if _, err := os.Stat(program); err != nil {
			mustCopy(t, os.Args[0], program)
		}
		cmd.Path = program
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	cmd.Dir = filepath.Dir(path)
	cmd.Env = append(os.Environ(), childVar+"="+play)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() {
		_ = in.Close() // ends it
		_ = cmd.Wait() // which has told by its words how it went
	})
	t.Cleanup(end)
	out := bufio.NewScanner(stdout)
	return func(words string) string {
		if words != "" {
			_, _ = io.WriteString(in, words+"\n") // it may have ended, as its answer tells
		}
		out.Scan()
		return out.Text()
	}, end
}

func mustCopy(t *testing.T, from, to string) {
	t.Helper()
	program, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, program, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sharedDir is a folder that an ordinary user can reach and write in.
func sharedDir(t *testing.T) string {
	t.Helper()
	top, err := os.MkdirTemp("", "ledger") //nolint:usetesting // the way to a test's own folder is root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(top); err != nil {
			t.Error(err)
		}
	})
	dir := filepath.Join(top, "state")
	if err := errors.Join(os.Chmod(top, 0o755), os.Mkdir(dir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAReadOnlyFolderIsToldWhenTheLedgerIsOpened(t *testing.T) {
	dir := sharedDir(t)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	say, _ := ordinaryUser(t, "ask", filepath.Join(dir, "pressrun.db"))
	said := say("")
	if !strings.Contains(said, "permission denied") || !strings.Contains(said, dir) {
		t.Errorf("it said %q", said)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if left, err := fs.Glob(os.DirFS(dir), "*"); err != nil || len(left) != 0 {
		t.Errorf("it left %v (%v)", left, err)
	}
}

func TestAFileThatCanOnlyBeReadIsToldWhenTheLedgerIsOpened(t *testing.T) {
	path := filepath.Join(sharedDir(t), "pressrun.db")
	mustSay := func(mode os.FileMode, want ...string) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		say, end := ordinaryUser(t, "ask", path)
		defer end()
		words := ""
		for _, w := range want {
			if said := say(words); !strings.Contains(said, w) {
				t.Errorf("it said %q, want %q", said, w)
			}
			words = "ask"
		}
	}
	mustSay(0o600, "open", "asked: <nil>")
	mustSay(0o400, path+": the ledger's file is read-only")
	mustSay(0o600, "open", "asked: <nil>")
}
