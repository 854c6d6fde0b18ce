package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// TestTheSmallestExampleWorksAsItStands follows its own first lines in a new folder:
// serve, then ask. Only the port is another, since others may use this machine.
func TestTheSmallestExampleWorksAsItStands(t *testing.T) {
	text, err := os.ReadFile("../../examples/pressrun.yaml")
	if err != nil {
		t.Fatal(err)
	}
	firstRelease(t, string(text), "hello", "")
}

// TestWhatInitWritesWorksAsItStands does the same with the configuration and the
// token that pressrun init gives.
func TestWhatInitWritesWorksAsItStands(t *testing.T) {
	folder := t.TempDir()
	cmd := exec.Command(build(t, program.Main), "init", "--kind", "folder", "--site", "hello", "--source", ".", "--to", "live",
		"--build", `mkdir -p public && echo "<!doctype html><title>Hello</title><h1>Hello</h1>" > public/index.html`, "--output", "public")
	cmd.Dir = folder
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(out), "export PRESSRUN_TOKEN=")
	token, _, ok2 := strings.Cut(rest, "\n")
	if !ok || !ok2 {
		t.Fatalf("init said %q", out)
	}
	text, err := os.ReadFile(filepath.Join(folder, "pressrun.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	firstRelease(t, string(text), "hello", token)
}

// firstRelease serves a configuration in a folder of its own, and asks for a release
// on the command line.
func firstRelease(t *testing.T, text, site, token string) {
	t.Helper()
	address := servers.FreeAddress(t)
	folder, err := os.MkdirTemp("", "pressrun-example-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eventually.Succeeds(t, "the run's last words", func() error { return os.RemoveAll(folder) }) })
	s := &server{url: "http://" + address, file: filepath.Join(folder, "pressrun.yaml"), output: &output{}}
	if err := os.WriteFile(s.file, []byte(strings.ReplaceAll(text, "127.0.0.1:8080", address)), 0o600); err != nil {
		t.Fatal(err)
	}
	check := exec.Command(build(t, program.Main), "config", "check")
	check.Dir = folder
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("config check: %v\n%s", err, out)
	}
	s.start(t)
	ask := exec.Command(build(t, program.Main), "request", "--site", site, "--wait")
	ask.Env = append(os.Environ(), "PRESSRUN_URL="+s.url, "PRESSRUN_TOKEN="+token)
	if out, err := ask.CombinedOutput(); err != nil {
		t.Fatalf("request: %v\n%s\nserve said:\n%s", err, out, s.output)
	}
	client, err := api.NewClient(s.url, token, api.Options{})
	if err != nil {
		t.Fatal(err)
	}
	releases, err := client.Releases(t.Context(), site, 1, 0)
	if err != nil || len(releases) != 1 {
		t.Fatalf("%v, %v", releases, err)
	}
	var page []byte
	for _, to := range []string{"public", "live"} {
		if text, err := os.ReadFile(filepath.Join(folder, to, "index.html")); err == nil && strings.Contains(string(text), "<h1>Hello</h1>") {
			page = text
		}
	}
	if page == nil {
		t.Error("no page is live")
	}
}
