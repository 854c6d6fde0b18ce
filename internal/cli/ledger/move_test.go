package ledger_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

func TestMovingALedger(t *testing.T) {
	state, other, none := t.TempDir(), t.TempDir(), t.TempDir()
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(state, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Accept(t.Context(), ledger.Request{Site: "www", Actor: "ada", Title: "Hours", Source: release.FromEditor}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(none, "address")
	if err := os.WriteFile(secret, []byte("no address with a secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"tried", []string{"--from", state, "--to", other, "--dry-run"}, exit.OK, "would be moved from"},
		{"moved", []string{"--from", state, "--to", other}, exit.OK, "read again and the same"},
		{"onto a ledger", []string{"--from", state, "--to", other}, exit.Conflict, "holds a ledger already"},
		{"for programs", []string{"--from", other, "--to", filepath.Join(none, "third.db"), "--json"}, exit.OK, `"table": "requests"`},
		{"onto itself", []string{"--from", state, "--to", filepath.Join(state, "pressrun.db")}, exit.Usage, "are the same ledger"},
		{"from nowhere", []string{"--from", filepath.Join(none, "x.db"), "--to", other}, exit.NotFound, "there is no ledger"},
		{"a password for all to see", []string{"--from", state, "--to", "postgres://ada:secret@127.0.0.1/x"}, exit.Usage, "--to has a password in it"},
		{"a password in its query", []string{"--from", state, "--to", "postgres://ada@127.0.0.1/x?password=secret"}, exit.Usage, "--to has a password in it"},
		{"another database", []string{"--from", state, "--to", "mysql://ada@127.0.0.1/x"}, exit.Usage, "nor an address of PostgreSQL"},
		{"no address in the file", []string{"--from", state, "--to-file", secret}, exit.Usage, "can't be read"},
		{"both ways to say it", []string{"--from", state, "--to", other, "--to-file", secret}, exit.Usage, "can't be used together"},
		{"no server", []string{"--from", state, "--to", "postgres://ada@127.0.0.1:1/x?connect_timeout=2"}, exit.Unreachable, "127.0.0.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := clitest.Run(t, clitest.Invocation{Args: append([]string{"ledger", "move"}, c.args...)})
			if got.Code != c.code || !strings.Contains(got.Out+got.Err, c.want) || strings.Contains(got.Out+got.Err, "secret@") {
				t.Errorf("got %d\n%s%s\nwant %d and %q", got.Code, got.Out, got.Err, c.code, c.want)
			}
		})
	}
}
