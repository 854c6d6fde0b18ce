//go:build unix

package replicas

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/test/eventually"
)

// replica is an installation of the app beside others, and its process.
type replica struct {
	name, url string
	program   string
	config    string // its file
	client    *api.Client
	cmd       *exec.Cmd
	over      chan struct{} // closed when the process has ended
	log       *os.File
}

// install writes the configuration of a replica: what all have alike, and its own.
func install(t *testing.T, name, program, token string, alike, own map[string]any) *replica {
	t.Helper()
	dir := t.TempDir()
	all := map[string]any{"state": filepath.Join(dir, "state")}
	for _, part := range []map[string]any{alike, own} {
		for key, value := range part {
			all[key] = value
		}
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{name: name, url: fmt.Sprintf("http://%s", own["listen"]), program: program, config: filepath.Join(dir, "pressrun.yaml")}
	if err := os.WriteFile(r.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if r.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		t.Fatal(err)
	}
	if r.client, err = api.NewClient(r.url, token, api.Options{Tries: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.end()
		if t.Failed() {
			t.Logf("the log of replica %s ends with\n%s", name, r.logged())
		}
		_ = r.log.Close() // only what was read of it counts
	})
	return r
}

// logged is the end of what the replica said.
func (r *replica) logged() string {
	text, err := os.ReadFile(r.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(text), "\n")
	return strings.Join(lines[max(0, len(lines)-60):], "\n")
}

// start begins a process, and does not wait for it.
func (r *replica) start(t *testing.T) {
	t.Helper()
	r.cmd = exec.Command(r.program, "serve", "--log-level", "info", "--config", r.config)
	r.cmd.Env = append(os.Environ(), "PRESSRUN_REPLICA="+r.name)
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	if err := r.cmd.Start(); err != nil {
		t.Fatalf("start replica %s: %v", r.name, err)
	}
	cmd, over := r.cmd, make(chan struct{})
	r.over = over
	go func() {
		_ = cmd.Wait() // how it ended is told by its log
		close(over)
	}()
}

// revive starts the process again if it has ended, as an init system does.
func (r *replica) revive(t *testing.T) {
	t.Helper()
	select {
	case <-r.over:
		r.start(t)
	default:
	}
}

// signal sends a signal to the process.
func (r *replica) signal(t *testing.T, what syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(what); err != nil {
		t.Fatalf("replica %s had ended by itself: %v\n%s", r.name, err, r.logged())
	}
}

// kill ends the process without a word.
func (r *replica) kill(t *testing.T) {
	t.Helper()
	r.signal(t, syscall.SIGKILL)
	<-r.over
	r.cmd = nil
}

// end ends what is left of the process when the drill is over.
func (r *replica) end() {
	if r.cmd == nil {
		return
	}
	_ = r.cmd.Process.Kill() // it may have ended
	<-r.over
}

// ready waits until the replica can write.
func (r *replica) ready(t *testing.T) {
	t.Helper()
	eventually.Succeeds(t, "replica "+r.name+" to be ready", r.ask)
}

var patient = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// ask asks the replica whether it can write.
func (r *replica) ask() error {
	resp, err := patient.Get(r.url + "/readyz")
	if err != nil {
		return err
	}
	_ = resp.Body.Close() // its status counts
	if resp.StatusCode != http.StatusOK {
		return errors.New(resp.Status)
	}
	return nil
}
