//go:build unix

package docs

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/test/servers"
)

// The functions for CloudFront are run by node, as CloudFront would.
func TestCloudFrontFindsAPreviewByItsHost(t *testing.T) {
	node := servers.Tool(t, "node")
	function, err := os.ReadFile(filepath.Join("..", "..", "examples", "previews", "request.js"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ host, uri, want string }{
		{"menu.preview.example.gov", "/", "/menu/index.html"},
		{"MENU.preview.example.gov", "/about/", "/menu/about/index.html"},
		{"menu.preview.example.gov", "/about", "/menu/about/index.html"},
		{"menu.preview.example.gov", "/a.css", "/menu/a.css"},
		{"menu.preview.example.gov", "/v1.2/about", "/menu/v1.2/about/index.html"},
		{"menu.preview.example.gov", "/.pressrun/head", ""},
		{"menu.preview.example.gov", "/.well-known/security.txt", "/menu/.well-known/security.txt"},
		{"-menu.preview.example.gov", "/", ""},
		{"", "/", ""},
	} {
		event, err := json.Marshal(map[string]any{"request": map[string]any{"uri": c.uri, "headers": map[string]any{"host": map[string]string{"value": c.host}}}})
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), node, "-e", string(function)+"\nvar out = handler("+string(event)+"); console.log(out.statusCode ? '' : out.uri);")
		out, err := cmd.CombinedOutput()
		if got := string(bytes.TrimSpace(out)); err != nil || got != c.want {
			t.Errorf("%s%s: %q, %v, want %q", c.host, c.uri, got, err, c.want)
		}
	}
}
