//go:build unix

package app

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/servers"
)

func TestAskingEndsWithTheChangeLiveOnPostgreSQL(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	askingEndsLive(t, start(t, func(c *config.Config) { c.Ledger = address }))
}

func TestTheLogSaysWhatALedgerOnPostgreSQLPromisesAndNoSecret(t *testing.T) {
	const secret = "a password that nobody may see"
	server := servers.StartPostgres(t, "synchronous_commit=off", "full_page_writes=off")
	out := &bytes.Buffer{}
	t.Setenv("PRESSRUN_LEDGER", strings.Replace(server.URL(), "pressrun@", "pressrun:"+strings.ReplaceAll(secret, " ", "%20")+"@", 1))
	a, err := New(t.Context(), Options{
		Config: config.Config{State: t.TempDir(), Pages: config.Pages{Access: "token"}}, Log: slog.New(slog.NewTextHandler(out, nil)),
		NewRunner: func(runner.OnEvent) (runner.Runner, error) { return newFakeRunner(), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"level=WARN", "fsync is off", "synchronous_commit=off", server.Address} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), secret) || strings.Contains(out.String(), "%20") {
		t.Errorf("the log has the password:\n%s", out)
	}
}
