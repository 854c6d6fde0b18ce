package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/test/eventually"
)

// Configurations that the tests of the commands have too.
const (
	goodConfig = "../../internal/cli/serve/testdata/good.yaml"
	badConfig  = "../../internal/cli/serve/testdata/bad.yaml"
)

// onceDocument is what demo --once --json prints, as docs/cli.md has it.
type onceDocument struct {
	Outcome  string  `json:"outcome"`
	Why      string  `json:"why"`
	URL      string  `json:"url"`
	ReadBack bool    `json:"read_back"`
	Seconds  float64 `json:"request_to_live_seconds"`
	Release  int64   `json:"release"`
	States   []struct {
		State   string  `json:"state"`
		Seconds float64 `json:"seconds"`
	} `json:"states"`
}

// program builds the program once for all tests that need the real one.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "pressrun-test-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "pressrun")
	text, err := exec.Command("go", "build", "-ldflags", "-X main.version=v1.2.3-test", "-o", binary, ".").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(text), Err: err}
	}
	return binary, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if binary, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(binary)) // a temporary folder
	}
	os.Exit(code)
}

// start runs the real program with an environment of its own: temporary files
// are made in a folder that the test can look into. One that hangs is killed, which ends
// what it writes.
func start(t *testing.T, folder string, args ...string) (cmd *exec.Cmd, out, errs *bytes.Buffer) {
	t.Helper()
	binary, err := program()
	if err != nil {
		t.Fatal(err)
	}
	out, errs = &bytes.Buffer{}, &bytes.Buffer{}
	ctx, cancel := context.WithTimeout(t.Context(), eventually.Patience)
	t.Cleanup(cancel)
	cmd = exec.CommandContext(ctx, binary, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+folder, "PRESSRUN_URL=", "PRESSRUN_TOKEN=", "PRESSRUN_SITE=", "PRESSRUN_CONFIG=")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = out, errs, 5*time.Second
	return cmd, out, errs
}

// finish runs the real program to its end and gives its exit code.
func finish(t *testing.T, folder string, args ...string) clitest.Outcome {
	t.Helper()
	cmd, out, errs := start(t, folder, args...)
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return clitest.Outcome{Code: cmd.ProcessState.ExitCode(), Out: out.String(), Err: errs.String()}
}

func TestTheRealProgramTellsItsVersionAndExitCodes(t *testing.T) {
	var v struct{ Version, Go string }
	o := finish(t, t.TempDir(), "version", "--json")
	if err := json.Unmarshal([]byte(o.Out), &v); err != nil || v.Version != "v1.2.3-test" || v.Go == "" {
		t.Errorf("got %+v, %v", o, err)
	}
	o = finish(t, t.TempDir(), "config", "check", badConfig)
	if o.Code != exit.Usage || !strings.Contains(o.Err, badConfig+":2:23: ") {
		t.Errorf("got %+v", o)
	}
	o = finish(t, t.TempDir(), "action", "check", "--output", "none", "--state-file", filepath.Join(t.TempDir(), "run.json"))
	if o.Code != failure.ExitRefused {
		t.Errorf("action's own code for a site that must not be published: %+v", o)
	}
}

// One edit, from the CMS to the public page, with every part as it is shipped.
func TestDemoOnce(t *testing.T) {
	folder := t.TempDir()
	o := finish(t, folder, "demo", "--once", "--json")
	var d onceDocument
	if err := json.Unmarshal([]byte(o.Out), &d); err != nil || o.Code != 0 {
		t.Fatalf("%v: %+v", err, o)
	}
	if d.Outcome != "succeeded" || !d.ReadBack || d.Release < 2 || d.URL == "" || d.Seconds <= 0 || d.Seconds > 60 {
		t.Errorf("got %+v", d)
	}
	var states []string
	last := 0.0
	for _, s := range d.States {
		states = append(states, s.State)
		if s.Seconds < last {
			t.Errorf("%s came before the state before it", s.State)
		}
		last = s.Seconds
	}
	if want := []string{"requested", "dispatched", "starting", "in_progress", "complete"}; !slices.Equal(states, want) {
		t.Errorf("got states %v", states)
	}
	nothingLeft(t, folder)
}

func TestDemoOnceFailsWhenNothingGoesLive(t *testing.T) {
	folder := t.TempDir()
	o := finish(t, folder, "demo", "--once", "--json", "--timeout", "300ms")
	document, _, _ := strings.Cut(o.Out, "\n}\n")
	var d onceDocument
	if err := json.Unmarshal([]byte(document+"}"), &d); err != nil || o.Code != exit.NotLive || d.Outcome != "failed" || d.Why == "" || d.ReadBack {
		t.Errorf("%v: %+v", err, o)
	}
	if left, err := filepath.Glob(filepath.Join(folder, "pressrun-demo-*", "log.txt")); err != nil || len(left) != 1 {
		t.Errorf("what went wrong can't be looked at: %v %v", left, err)
	}
}

var webAddress = regexp.MustCompile(`http://127\.0\.0\.1:[0-9]+`)

// A new user's way: start it, open the three addresses, end it with Ctrl-C.
func TestDemoShowsWhereToClickAndEndsCleanly(t *testing.T) {
	folder := t.TempDir()
	cmd, _, errs := start(t, folder, "demo", "--port", "65533")
	cmd.Stdout = nil
	screen, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text := readUntil(t, screen, "has ended")
	addresses := webAddress.FindAllString(text, 3)
	if len(addresses) != 3 {
		t.Fatalf("the addresses are not shown: %s", text)
	}
	for _, address := range addresses {
		resp, err := http.Get(address + "/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s answered %s", address, resp.Status)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, screen); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v: %s", err, errs.String())
	}
	nothingLeft(t, folder)
}

// nothingLeft wants neither files nor processes of a demo to be left behind.
func nothingLeft(t *testing.T, folder string) {
	t.Helper()
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range lines {
		text, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(text), folder) {
			t.Errorf("still running: %q", strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
}

// readUntil reads a stream until it has said something.
func readUntil(t *testing.T, in io.Reader, what string) string {
	t.Helper()
	var text strings.Builder
	piece := make([]byte, 4096)
	for !strings.Contains(text.String(), what) {
		n, err := in.Read(piece)
		text.Write(piece[:n])
		if err != nil {
			t.Fatalf("%v before %q: %s", err, what, text.String())
		}
	}
	return text.String()
}

func TestServeRefusesASecondServerAndEndsOnASignal(t *testing.T) {
	folder := t.TempDir()
	good, err := os.ReadFile(goodConfig)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "pressrun.yaml")
	if err := os.WriteFile(file, append([]byte("listen: 127.0.0.1:0\n"), good...), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, _, _ := start(t, folder, "serve", "--config", file)
	cmd.Stderr = nil
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	readUntil(t, log, "msg=serving")
	if second := finish(t, folder, "serve", "--config", file); second.Code != exit.Failed || !strings.Contains(second.Err, "pressrun.db") {
		t.Errorf("the second server: %+v", second)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, log); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
	if o := finish(t, folder, "serve", "--config", badConfig); o.Code != exit.Usage {
		t.Errorf("a bad configuration: %+v", o)
	}
}
