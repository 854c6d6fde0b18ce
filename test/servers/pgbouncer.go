//go:build unix

package servers

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// PgBouncer starts a pooler before a PostgreSQL server, in one of its modes (session,
// transaction), and gives its address. It ends with the test. Where PgBouncer is not
// installed the test is skipped, or fails when CI=true.
func PgBouncer(t testing.TB, to, mode string) (address string) {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer" // where Debian has it
	}
	if _, err := os.Stat(program); err != nil {
		Missing(t, "PgBouncer, so a ledger behind a pooler is not tested", "apt-get install pgbouncer")
	}
	dir, err := os.MkdirTemp("", "pgb")
	if err != nil {
		t.Fatalf("make a folder for PgBouncer: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove PgBouncer's folder: %v", err)
		}
	})
	if os.Geteuid() == 0 {
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatalf("give PgBouncer its folder: %v", err)
		}
	}
	address = FreeAddress(t)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	serverHost, serverPort, err := net.SplitHostPort(to)
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
* = host=%s port=%s user=pressrun
[pgbouncer]
listen_addr = %s
listen_port = %s
unix_socket_dir =
auth_type = any
pool_mode = %s
default_pool_size = 20
max_client_conn = 200
server_login_retry = 1
`, serverHost, serverPort, host, port, mode)
	if err := os.WriteFile(settings, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := ordinary(context.WithoutCancel(t.Context()), dir, program, "-q", settings)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close() // the pooler has its own
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start PgBouncer: %v", err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it has usually ended
		select {
		case <-over: //nolint:errcheck // it ended as it was told to
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill() // it has usually ended
		}
	})
	awaitPostgres(t, over, log.Name(), func() error {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			return err
		}
		return c.Close()
	})
	return address
}
