//go:build linux

package packaging

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

const operatorToken = "the token of this test's operator"

// replica is a running `pressrun serve` on a database that it shares.
type replica struct {
	address string
	kill    func()
}

// startReplica runs a replica until the test ends, or it is killed.
func startReplica(t *testing.T, name, ledger, url string) *replica {
	t.Helper()
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	dir, address := t.TempDir(), servers.FreeAddress(t)
	sum := sha256.Sum256([]byte(operatorToken))
	text, err := json.Marshal(map[string]any{ // JSON is YAML, too
		"listen": address, "url": url, "state": filepath.Join(dir, "state"),
		"tokens": []any{map[string]any{"name": "test", "role": "operator", "sha256": hex.EncodeToString(sum[:])}},
		"sites": map[string]any{"www": map[string]any{
			"runner": "local", "source": map[string]any{"folder": t.TempDir()}, "build": map[string]any{"command": "true", "output": "public"},
			"deploy": map[string]any{"to": filepath.Join(dir, "live")}, "quiet": "1h", "max_wait": "2h",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pressrun.yaml")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "serve", "--config", file)
	cmd.Env = append(os.Environ(), "PRESSRUN_LEDGER="+ledger, "PRESSRUN_REPLICA="+name)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := false
	r := &replica{address: address, kill: func() {
		if !over {
			over = true
			_ = cmd.Process.Kill()
			_ = cmd.Wait() // "signal: killed", as meant
		}
	}}
	t.Cleanup(func() {
		r.kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, read(t, log.Name()))
		}
		_ = log.Close()
	})
	servers.WaitHTTP(t, "http://"+address+"/healthz")
	return r
}

// startHAProxy runs HAProxy with the shipped settings before two replicas.
func startHAProxy(t *testing.T, address string, replicas ...*replica) {
	t.Helper()
	binary, err := exec.LookPath("haproxy")
	if err != nil {
		binary = "/usr/sbin/haproxy" // where Debian has it
	}
	if _, err := os.Stat(binary); err != nil {
		servers.Missing(t, "HAProxy, so its settings are not tried", "apt-get install haproxy")
	}
	settings := read(t, filepath.Join(root, "packaging/compose/replicas/haproxy.cfg"))
	change := []string{"bind :8080", "bind " + address}
	for i, r := range replicas {
		name := fmt.Sprintf("app-%d:8080", i+1)
		if !strings.Contains(settings, name) {
			t.Fatalf("the settings have no %s", name)
		}
		change = append(change, name, r.address)
	}
	file := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(file, []byte(strings.NewReplacer(change...).Replace(settings)), 0o600); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary, "-db", "-f", file)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		said := read(t, log.Name())
		if t.Failed() {
			t.Logf("HAProxy said:\n%s", said)
		}
		if strings.Contains(said, "secret-of-a-hook") {
			t.Error("the log has the address of a hook")
		}
		_ = log.Close()
	})
	servers.WaitHTTP(t, "http://"+address+"/balancer-is-up")
}

// A replica is killed: requests go on, each is there once, and a page's stream comes
// again from the other one with nothing left out.
func TestHAProxyStandsBeforeReplicas(t *testing.T) {
	ledger := servers.StartPostgres(t).URL()
	address := servers.FreeAddress(t)
	first, second := startReplica(t, "first", ledger, "http://"+address), startReplica(t, "second", ledger, "http://"+address)
	startHAProxy(t, address, first, second)
	client, err := api.NewClient("http://"+address, operatorToken, api.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(i int) {
		t.Helper()
		var got api.AskResult
		eventually.Succeeds(t, fmt.Sprintf("request %d", i), func() (err error) {
			got, err = client.Ask(t.Context(), "www", fmt.Sprintf("key-%d", i), api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: fmt.Sprintf("Change %d", i)})
			return err
		})
		if got.ID == "" {
			t.Fatalf("request %d: %+v", i, got)
		}
	}
	seen := make(chan string, 100)
	following, stop := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		_ = client.Events(following, "www", 0, func(e api.Event) error {
			if e.Kind == "request.accepted" {
				seen <- e.Request
			}
			return nil
		}) // ends when the test stops it
	}()
	defer func() {
		stop()
		<-over
	}()
	for i := range 10 {
		ask(i)
	}
	call(t, "http://"+address+"/hooks/www/secret-of-a-hook")
	first.kill()
	for i := 10; i < 20; i++ {
		ask(i)
	}
	got := map[string]int{}
	for len(got) < 20 {
		got[eventually.Receives(t, "the stream's next request", seen)]++
	}
	for id, times := range got {
		if times != 1 {
			t.Errorf("the stream told of %s %d times", id, times)
		}
	}
}

// call makes a call whose answer does not matter here.
func call(t *testing.T, address string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}
