//go:build unix

package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// nobody is who PostgreSQL runs as when the tests run as root, which it refuses.
const nobody = 65534

// Postgres starts a PostgreSQL server of its own for the test, in a folder of
// its own and reachable by a unix socket alone, and gives its data source
// name. It ends with the test. Where PostgreSQL is not installed the test is
// skipped, or fails when CI=true.
func Postgres(t testing.TB) string {
	t.Helper()
	bin := postgresBin(t)
	// Not t.TempDir: the way there is root's alone, and a socket's path is
	// bounded to about 100 bytes.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatalf("make a folder for PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove PostgreSQL's folder: %v", err)
		}
	})
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatalf("give PostgreSQL its folder: %v", err)
		}
	}
	data := filepath.Join(dir, "data")
	if out, err := ordinary(t.Context(), dir, bin("initdb"), "-D", data, "-U", "pressrun", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	// No fsync: what these tests ask of PostgreSQL is its SQL.
	server := ordinary(context.WithoutCancel(t.Context()), dir, bin("postgres"), "-D", data, "-k", dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatalf("make PostgreSQL's log: %v", err)
	}
	defer log.Close() // the server has its own
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	over := make(chan error, 1)
	go func() { over <- server.Wait() }()
	t.Cleanup(func() { stopPostgres(t, server, over) })
	awaitPostgres(t, over, log.Name(), func() error { return ordinary(t.Context(), dir, bin("pg_isready"), "-q", "-h", dir).Run() })
	return fmt.Sprintf("host=%s user=pressrun dbname=postgres sslmode=disable", dir)
}

// postgresBin finds the newest of Debian's PostgreSQL installations, whose
// programs are not on the path, or the one that is.
func postgresBin(t testing.TB) func(string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatalf("look for PostgreSQL: %v", err)
	}
	if onPath, err := exec.LookPath("postgres"); err == nil && len(found) == 0 {
		if onPath, err = filepath.EvalSymlinks(onPath); err != nil {
			t.Fatalf("look for PostgreSQL: %v", err)
		}
		found = append(found, onPath)
	}
	if len(found) == 0 {
		Missing(t, "PostgreSQL, so its SQL is not tested", "apt-get install postgresql")
	}
	dir := filepath.Dir(slices.Max(found))
	return func(name string) string { return filepath.Join(dir, name) }
}

// ordinary is a command that does not run as root.
func ordinary(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

func awaitPostgres(t testing.TB, over chan error, log string, ready func() error) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for err := ready(); err != nil; err = ready() {
		select {
		case err := <-over:
			over <- err // for stopPostgres
			t.Fatalf("PostgreSQL ended at once: %v\n%s", err, text(log))
		case <-deadline:
			t.Fatalf("PostgreSQL did not get ready within 30 s: %v\n%s", err, text(log))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func text(file string) string {
	words, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	return string(words)
}

// stopPostgres ends the server in its fast way (SIGINT), and by force if it won't.
func stopPostgres(t testing.TB, server *exec.Cmd, over chan error) {
	t.Helper()
	if err := server.Process.Signal(syscall.SIGINT); err != nil {
		return // it has ended already
	}
	select {
	case <-over: //nolint:errcheck // it ended as it was told to
	case <-time.After(10 * time.Second):
		t.Error("PostgreSQL did not stop within 10 s and was killed")
		if err := server.Process.Kill(); err != nil {
			t.Errorf("kill PostgreSQL: %v", err)
		}
		<-over //nolint:errcheck // it was killed
	}
}
