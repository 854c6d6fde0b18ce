//go:build unix

package servers

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/eventually"
)

// nobody is who PostgreSQL runs as when the tests run as root, which it refuses.
const nobody = 65534

// Postgres starts a PostgreSQL server of its own for the test and gives its data source
// name. See StartPostgres.
func Postgres(t testing.TB) string {
	t.Helper()
	return StartPostgres(t).Name()
}

// PostgresServer is a PostgreSQL server of a test, in a folder of its own.
type PostgresServer struct {
	// Address is where it is reached by TCP, host:port.
	Address string

	dir    string // of its data, socket and log
	bin    func(string) string
	server *exec.Cmd
	over   chan error
}

// StartPostgres starts a PostgreSQL server that ends with the test. It is reached by
// a unix socket and by TCP, on this machine alone. Where PostgreSQL is not installed the
// test is skipped, or fails when CI=true. Settings are more of postgresql.conf, each
// as name=value.
func StartPostgres(t testing.TB, settings ...string) *PostgresServer {
	t.Helper()
	s := newPostgres(t)
	if out, err := ordinary(t.Context(), s.dir, s.bin("initdb"), "-D", s.data(), "-U", "pressrun", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.start(t, settings)
	return s
}

func newPostgres(t testing.TB) *PostgresServer {
	t.Helper()
	s := &PostgresServer{Address: FreeAddress(t), bin: postgresBin(t)}
	// Not t.TempDir: the way there is root's alone, and a socket's path is
	// bounded to about 100 bytes.
	var err error
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil {
		t.Fatalf("make a folder for PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(s.dir); err != nil {
			t.Errorf("remove PostgreSQL's folder: %v", err)
		}
	})
	if os.Geteuid() == 0 {
		if err := os.Chown(s.dir, nobody, nobody); err != nil {
			t.Fatalf("give PostgreSQL its folder: %v", err)
		}
	}
	return s
}

func (s *PostgresServer) data() string { return filepath.Join(s.dir, "data") }

func (s *PostgresServer) start(t testing.TB, settings []string) {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	// No fsync: what these tests ask of PostgreSQL outlives its processes alone.
	args := []string{"-D", s.data(), "-k", s.dir, "-p", port, "-c", "listen_addresses=" + host, "-c", "fsync=off", "-c", "shared_buffers=16MB"}
	for _, one := range settings {
		args = append(args, "-c", one)
	}
	s.server = ordinary(context.WithoutCancel(t.Context()), s.dir, s.bin("postgres"), args...)
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatalf("make PostgreSQL's log: %v", err)
	}
	defer log.Close() // the server has its own
	s.server.Stdout, s.server.Stderr = log, log
	if err := s.server.Start(); err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	s.over = make(chan error, 1)
	go func() { s.over <- s.server.Wait() }()
	t.Cleanup(func() { stopPostgres(t, s.server, s.over) })
	awaitPostgres(t, s.over, log.Name(), func() error {
		return ordinary(t.Context(), s.dir, s.bin("pg_isready"), "-q", "-h", s.dir, "-p", port).Run()
	})
}

// Name is the data source name of the server's database, by its socket.
func (s *PostgresServer) Name() string {
	_, port, _ := strings.Cut(s.Address, ":")
	return fmt.Sprintf("host=%s port=%s user=pressrun dbname=postgres sslmode=disable", s.dir, port)
}

// URL is the address of the server's database, by TCP.
func (s *PostgresServer) URL() string { return PostgresURL(s.Address) }

// PostgresURL is the address of a database at one of several hosts, or behind a proxy.
func PostgresURL(addresses ...string) string {
	return "postgres://pressrun@" + strings.Join(addresses, ",") + "/postgres?sslmode=disable"
}

// Standby starts a server that follows this one. Settings are as for StartPostgres.
func (s *PostgresServer) Standby(t testing.TB, settings ...string) *PostgresServer {
	t.Helper()
	standby := newPostgres(t)
	_, port, _ := strings.Cut(s.Address, ":")
	if out, err := ordinary(t.Context(), standby.dir, s.bin("pg_basebackup"), "-h", s.dir, "-p", port, "-U", "pressrun", "-D", standby.data(),
		"--write-recovery-conf", "--checkpoint=fast", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("pg_basebackup: %v\n%s", err, out)
	}
	standby.start(t, settings)
	return standby
}

// Promote makes a standby a primary.
func (s *PostgresServer) Promote(t testing.TB) {
	t.Helper()
	if out, err := ordinary(t.Context(), s.dir, s.bin("pg_ctl"), "promote", "-w", "-D", s.data()).CombinedOutput(); err != nil {
		t.Fatalf("promote the standby: %v\n%s", err, out)
	}
}

// Kill ends the server without a word, as a machine does that loses its power.
func (s *PostgresServer) Kill(t testing.TB) {
	t.Helper()
	// Its children end by themselves once they notice.
	if out, err := ordinary(t.Context(), s.dir, s.bin("pg_ctl"), "stop", "-m", "immediate", "-D", s.data()).CombinedOutput(); err != nil {
		t.Fatalf("stop PostgreSQL: %v\n%s", err, out)
	}
}

// SQL has psql carry statements out, and gives what it prints.
func (s *PostgresServer) SQL(t testing.TB, text string) string {
	t.Helper()
	_, port, _ := strings.Cut(s.Address, ":")
	out, err := ordinary(t.Context(), s.dir, s.bin("psql"), "-h", s.dir, "-p", port, "-U", "pressrun", "-d", "postgres", "-X", "-A", "-t", "-c", text).CombinedOutput()
	if err != nil {
		t.Fatalf("psql: %v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
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
	deadline := time.After(eventually.Patience)
	for err := ready(); err != nil; err = ready() {
		select {
		case err := <-over:
			over <- err // for stopPostgres
			t.Fatalf("PostgreSQL ended at once: %v\n%s", err, text(log))
		case <-deadline:
			t.Fatalf("PostgreSQL did not get ready within %s: %v\n%s", eventually.Patience, err, text(log))
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
	case <-time.After(eventually.Patience):
		t.Errorf("PostgreSQL did not stop within %s and was killed", eventually.Patience)
		if err := server.Process.Kill(); err != nil {
			t.Errorf("kill PostgreSQL: %v", err)
		}
		<-over //nolint:errcheck // it was killed
	}
}
