package cli

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/servers"
)

// TestAStoreThatCanNotBeReachedIsNotTakenForTheApp: the error and its exit code
// are those of the command, with fewer tries than it has.
func TestAStoreThatCanNotBeReachedIsNotTakenForTheApp(t *testing.T) {
	build := t.TempDir()
	if err := os.WriteFile(filepath.Join(build, "index.html"), []byte("home"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, endpoint := range map[string]string{"nobody listens": "http://" + servers.FreeAddress(t), "nobody answers": silence(t)} {
		dest, err := destination.Open(t.Context(), "s3://site", destination.Options{
			Endpoint: endpoint, AccessKey: "a", SecretKey: "s", MaxAttempts: 1, StallTimeout: 200 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = engine.Run(t.Context(), dest, engine.Options{Source: build, Site: "www"})
		words := message(err, nil)
		if exit.Code(err) != exit.Unreachable || !strings.Contains(words, "read s3://site/.pressrun/head: the store at "+endpoint) ||
			!strings.Contains(words, "check the network") || strings.Contains(words, "PRESSRUN_URL") {
			t.Errorf("%s: exit code %d: %s", name, exit.Code(err), words)
		}
	}
}

// silence is an address that takes connections and says nothing.
func silence(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return "http://" + l.Addr().String()
}

// An address that the server can't listen on is no matter of where the app is
// looked for.
func TestAnAddressThatCanNotBeListenedOnIsSaidWithWhatToType(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for address, want := range map[string]string{
		taken.Addr().String(): "Another program listens there",
		"192.0.2.1:8080":      "This machine has no such address",
		"127.0.0.1:http-odd":  "listen in the configuration",
	} {
		_, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
		words := message(fmt.Errorf("listen on %s: %w", address, err), nil)
		if !strings.Contains(words, want) || !strings.Contains(words, "listen") || strings.Contains(words, "--app") || exit.Code(err) != exit.Failed {
			t.Errorf("%s: exit code %d: %s", address, exit.Code(err), words)
		}
	}
}
