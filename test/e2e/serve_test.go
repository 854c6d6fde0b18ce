package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// build gives the file of a command of this repository.
func build(t *testing.T, pkg string) string {
	t.Helper()
	path, err := program.Build(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

const operatorToken = "the token of this test's operator"

// server is a running `pressrun serve`.
type server struct {
	url    string
	file   string // the configuration
	client *api.Client
	cmd    *exec.Cmd
	output *output
}

// output keeps what a process says, for when a test fails.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// serve starts the app with one site. The site's settings are those of the
// configuration file; quiet is 0 unless they say otherwise.
func serve(t *testing.T, name string, site map[string]any) *server {
	t.Helper()
	s := configure(t, stateFolder(t), name, site)
	s.start(t)
	return s
}

// stateFolder is a folder for an app's state. It is removed at the end, once
// the supervisors of the last runs have written their last words into it.
func stateFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pressrun-e2e-state-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		eventually.Succeeds(t, "the last words of the runs", func() error { return os.RemoveAll(dir) })
	})
	return dir
}

// configure writes the configuration of an app with one site.
func configure(t *testing.T, state, name string, site map[string]any) *server {
	t.Helper()
	address := servers.FreeAddress(t)
	sum := sha256.Sum256([]byte(operatorToken))
	if _, ok := site["quiet"]; !ok {
		site["quiet"] = "0s"
	}
	site["runner"] = "local"
	// JSON is YAML, too.
	text, err := json.MarshalIndent(map[string]any{
		"listen": address, "url": "http://" + address, "state": state,
		"tokens": []any{map[string]any{"name": "test", "role": "operator", "sha256": hex.EncodeToString(sum[:])}},
		"sites":  map[string]any{name: site},
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{url: "http://" + address, file: filepath.Join(t.TempDir(), "pressrun.yaml"), output: &output{}}
	if err := os.WriteFile(s.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if s.client, err = api.NewClient(s.url, operatorToken, api.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("serve said:\n%s", s.output)
		}
	})
	return s
}

// command is `pressrun serve` with the test's configuration.
func (s *server) command(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(build(t, program.Main), "serve", "--config", s.file)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	return cmd
}

// start starts the app and waits until it answers. It is stopped at the end
// of the test if it still runs then.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.cmd = s.command(t)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop(t) })
	servers.WaitHTTP(t, s.url+"/healthz")
}

// stop ends the app as an operator would.
func (s *server) stop(t *testing.T) {
	t.Helper()
	if s.cmd == nil {
		return
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
	s.cmd = nil
}

// kill ends the app without giving it a chance to say a word.
func (s *server) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // "signal: killed", as meant
	s.cmd = nil
}

// release asks for a release and waits until the request is live.
func (s *server) release(t *testing.T, site string, in api.RequestInput) api.ReleaseDetail {
	t.Helper()
	asked, err := s.client.Ask(t.Context(), site, "", in)
	if err != nil {
		t.Fatal(err)
	}
	return s.live(t, asked.ID)
}

// live waits until a request is live and the site Ready again.
func (s *server) live(t *testing.T, id string) api.ReleaseDetail {
	t.Helper()
	var live api.ReleaseDetail
	t.Cleanup(func() {
		if live.Number == 0 {
			s.explain(t, id)
		}
	})
	eventually.Holds(t, "the request to be live", func() bool {
		r := what(t, s, id)
		if len(r.Failed) > 0 {
			t.Fatalf("the request is not live: %s", r.Text)
		}
		if r.Status != release.Live {
			return false
		}
		d, err := s.client.Release(t.Context(), r.Site, r.Release)
		if err != nil {
			t.Fatal(err)
		}
		if d.Times.Ended != nil {
			live = d
		}
		return d.Times.Ended != nil
	})
	return live
}

// explain logs all that is known of a request.
func (s *server) explain(t *testing.T, id string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	r, err := s.client.Request(ctx, id)
	t.Logf("the request: %s %v", r.Text, err)
	number := r.Release
	if len(r.Failed) > 0 {
		number = r.Failed[0]
	}
	d, err := s.client.Release(ctx, r.Site, number)
	t.Logf("release #%d: %s: %s %v", number, d.Outcome, d.Why, err)
	if log, err := s.client.Log(ctx, r.Site, number); err == nil {
		var text bytes.Buffer
		_, err := text.ReadFrom(log)
		t.Logf("its output: %s %v", text.String(), errors.Join(err, log.Close()))
	}
}

// get reads a page as a visitor does.
func get(t *testing.T, url string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, text.String(), resp.Header
}
