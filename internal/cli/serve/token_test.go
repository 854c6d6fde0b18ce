package serve_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/serve"
	"github.com/pressrun/pressrun/internal/config"
)

func TestANewTokenIsGoodForTheConfiguration(t *testing.T) {
	o := clitest.Run(t, clitest.Invocation{Args: []string{"token", "new", "ada@example.gov", "--role", "cms", "--site", "www"}})
	secret := strings.Fields(o.Out)[5]
	if !strings.HasPrefix(secret, "prt_") || strings.Count(o.Out, secret) != 1 {
		t.Fatalf("the token stands there once: %q", o.Out)
	}
	_, lines, _ := strings.Cut(o.Out, "under tokens:\n\n")
	c, err := config.Parse("p", "/", []byte("tokens:\n"+lines+"sites: {www: {runner: local, source: {folder: a}, build: {output: b}, deploy: {to: c}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(secret))
	if got := c.Tokens[0]; got.SHA256 != hex.EncodeToString(sum[:]) || got.Name != "ada@example.gov" || got.Role != "cms" || got.Sites[0] != "www" {
		t.Errorf("got %+v", got)
	}
	var d struct{ Token, SHA256 string }
	o = clitest.Run(t, clitest.Invocation{Args: []string{"token", "new", "ada", "--role", "run", "--json"}})
	if err := json.Unmarshal([]byte(o.Out), &d); err != nil || d.Token == secret || serve.HashToken(d.Token) != d.SHA256 {
		t.Errorf("got %+v, %v", d, err)
	}
}
