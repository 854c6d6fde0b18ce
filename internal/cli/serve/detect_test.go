package serve_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/frontend"
)

func TestDetectShowsHowAFrontendIsBuilt(t *testing.T) {
	dir := t.TempDir()
	args := []string{"detect", dir}
	if got := clitest.Run(t, clitest.Invocation{Args: args}); got.Code != exit.Failed || !strings.Contains(got.Err, "nothing here says how the site is built") {
		t.Errorf("of an empty folder: %+v", got)
	}
	if got := clitest.Run(t, clitest.Invocation{Args: []string{"detect", filepath.Join(dir, "no")}}); got.Code != exit.Usage {
		t.Errorf("of no folder: %+v", got)
	}
	for name, text := range map[string]string{"hugo.toml": "publishDir = 'www'", ".hugo-version": "0.150.1"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := clitest.Run(t, clitest.Invocation{Args: args})
	for _, want := range []string{"Hugo 0.150.1", "hugo --minify", "www", ".hugo-version: Hugo 0.150.1"} {
		if got.Code != 0 || !strings.Contains(got.Out, want) {
			t.Errorf("%+v does not say %q", got, want)
		}
	}
	var p frontend.Project
	if got = clitest.Run(t, clitest.Invocation{Args: append(args, "--json")}); json.Unmarshal([]byte(got.Out), &p) != nil || p.Output != "www" || !p.Hugo {
		t.Errorf("as JSON: %+v", got)
	}
}

// What the files say is what init proposes.
func TestInitProposesWhatItSees(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"package.json": `{"scripts": {"build": "astro build"}, "dependencies": {"astro": "5"}}`, "package-lock.json": "{}"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if got := clitest.Run(t, clitest.Invocation{In: "folder\nwww\n\n\n\n\n", Args: []string{"init"}}); got.Code != 0 {
		t.Fatalf("%+v", got)
	}
	conf, err := config.Load("pressrun.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if b := conf.Sites["www"].Build; b.Command != "npm ci && npm run build" || b.Output != "dist" {
		t.Errorf("it proposes %+v", b)
	}
}
