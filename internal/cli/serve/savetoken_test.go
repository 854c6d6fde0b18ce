package serve_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/serve"
	"github.com/pressrun/pressrun/internal/config"
)

// A token that is saved is in its file, which only its owner reads, and nowhere else.
func TestASavedTokenIsInItsFileAlone(t *testing.T) {
	for name, args := range map[string][]string{
		"init":      {"init", "--kind", "folder", "--site", "www", "--to", "live", "--listen", "127.0.0.1:9090", "--state", "/var/lib/pressrun"},
		"token new": {"token", "new", "drupal", "--role", "cms"},
		"as JSON":   {"token", "new", "drupal", "--role", "cms", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			in := "\n\n\n"
			o := clitest.Run(t, clitest.Invocation{In: in, Args: append(args, "--save-token", "the.token")})
			text, err := os.ReadFile("the.token")
			if err != nil || o.Code != 0 {
				t.Fatalf("%v %+v", err, o)
			}
			token := strings.TrimSpace(string(text))
			if info, err := os.Stat("the.token"); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v %v", info.Mode(), err)
			}
			if strings.Contains(o.Out, token) || name != "init" && !strings.Contains(o.Out, serve.HashToken(token)) {
				t.Errorf("printed %q", o.Out)
			}
			if name == "init" {
				c, err := config.Load("pressrun.yaml")
				if err != nil || c.Listen != "127.0.0.1:9090" || c.URL != "http://127.0.0.1:9090" || c.State != "/var/lib/pressrun" || c.Tokens[0].SHA256 != serve.HashToken(token) {
					t.Errorf("%+v %v", c, err)
				}
				if err := os.Remove("pressrun.yaml"); err != nil {
					t.Fatal(err)
				}
			}
			again := clitest.Run(t, clitest.Invocation{In: in, Args: append(args, "--save-token", "the.token")})
			if now, err := os.ReadFile("the.token"); again.Code != 2 || err != nil || string(now) != string(text) {
				t.Errorf("a second time: %+v %v", again, err)
			}
			if _, err := os.Stat("pressrun.yaml"); err == nil {
				t.Error("a configuration without its token was written")
			}
		})
	}
}
