//go:build unix

package act

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// shim is the action's script in a folder of its own, with a release of ours.
type shim struct {
	dir, cache, state string
	downloads         atomic.Int32
	failures          atomic.Int32 // how many downloads end with 503
}

// standIn stands for the released program: it says what it was asked to do,
// and what signal ended it.
const standIn = "#!/bin/sh\necho \"did: $*\"\n[ \"$2\" = build ] || exit 7\ntrap 'echo interrupted; exit 130' INT\necho begun\nfor i in $(seq 100); do sleep 0.1; done\n"

// targets are the machines that a program is released for.
var targets = []string{runtime.GOOS + "-" + runtime.GOARCH, "windows-" + runtime.GOARCH}

func newShim(t *testing.T, change func(served []byte) []byte) *shim {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		servers.Missing(t, "node", "tools/packages")
	}
	s := &shim{dir: t.TempDir(), cache: t.TempDir(), state: filepath.Join(t.TempDir(), "state")}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.downloads.Add(1)
		if !slices.Contains(targets, strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v1.2.3/pressrun-"), ".gz"), ".exe")) {
			t.Errorf("the script downloads %s", r.URL.Path)
		}
		if n <= s.failures.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		body := []byte(standIn)
		if change != nil {
			body = change(body)
		}
		_, _ = w.Write(gzipped(body)) // the script sees it if not
	}))
	t.Cleanup(srv.Close)
	sum := sha256.Sum256([]byte(standIn))
	sums := map[string]string{}
	for _, target := range targets {
		sums[target] = hex.EncodeToString(sum[:])
	}
	list, err := json.Marshal(map[string]any{"version": "1.2.3", "url": srv.URL, "sha256": sums})
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(root(t), ".github", "action", "pressrun.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"pressrun.mjs": script, "checksums.json": list} {
		file := filepath.Join(s.dir, ".github", "action", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *shim) command(env ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.Command("node", filepath.Join(s.dir, ".github", "action", "pressrun.mjs"))
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "RUNNER_TOOL_CACHE=" + s.cache, "GITHUB_STATE=" + s.state}, env...)
	out := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

func TestTheActionsScriptChecksWhatItDownloads(t *testing.T) {
	s := newShim(t, nil)
	for range 2 {
		cmd, out := s.command("INPUT_STEP=claim")
		err := cmd.Run()
		if cmd.ProcessState.ExitCode() != 7 || !strings.Contains(out.String(), "did: action claim") {
			t.Fatalf("the script ended with %v:\n%s", err, out)
		}
	}
	if n := s.downloads.Load(); n != 1 {
		t.Errorf("the program was downloaded %d times, want it kept", n)
	}
	bad := newShim(t, func(b []byte) []byte { return append(b, '\n') })
	cmd, out := bad.command("INPUT_STEP=claim")
	if err := cmd.Run(); err == nil || !strings.Contains(out.String(), "::error title=The program is not what was released::") || strings.Contains(out.String(), "did:") {
		t.Errorf("a changed program gave %v:\n%s", err, out)
	}
	if kept, err := filepath.Glob(filepath.Join(bad.cache, "pressrun", "*", "*", "*")); err != nil || len(kept) != 0 {
		t.Errorf("of a changed program is kept: %v, %v", kept, err)
	}
}

func TestTheActionsScriptDownloadsAgainWhatWasNotToBeHad(t *testing.T) {
	s := newShim(t, nil)
	s.failures.Store(1)
	cmd, out := s.command("INPUT_STEP=claim")
	_ = cmd.Run() // exit code 7
	if !strings.Contains(out.String(), "did: action claim") || s.downloads.Load() != 2 {
		t.Errorf("after %d downloads:\n%s", s.downloads.Load(), out)
	}
}

func TestTheActionsScriptBuildsTheProgramWhenNoneIsReleased(t *testing.T) {
	s := newShim(t, nil)
	for name, text := range map[string]string{
		".github/action/checksums.json": `{"version": "", "url": "", "sha256": {}}`,
		"go.mod":                        "module example.org/program\n\ngo 1.26\n",
		"cmd/pressrun/main.go":          "package main\n\nimport \"os\"\n\nfunc main() { println(\"did:\", os.Args[1], os.Args[2]) }\n",
	} {
		file := filepath.Join(s.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o750), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	temp := t.TempDir()
	env := []string{"INPUT_STEP=claim", "RUNNER_TEMP=" + temp, "HOME=" + t.TempDir(), "GOCACHE=" + goEnv(t, "GOCACHE"), "GOMODCACHE=" + goEnv(t, "GOMODCACHE")}
	for _, builds := range []bool{true, false} {
		cmd, out := s.command(env...)
		if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "did: action claim") || strings.Contains(out.String(), "is built from source") != builds {
			t.Errorf("with a build: %t, it ended with %v:\n%s", builds, err, out)
		}
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(temp, "pressrun-build")), os.WriteFile(filepath.Join(s.dir, "cmd/pressrun/main.go"), []byte("package main\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if cmd, out := s.command(env...); cmd.Run() == nil || !strings.Contains(out.String(), "::error title=The program does not build::pressrun: go build failed") {
		t.Errorf("a program that does not build gave:\n%s", out)
	}
}

// Without Go, or with one that is too old, the script says what to do, and not what
// failed alone.
func TestTheActionsScriptSaysHowToMendWhatIsMissing(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		servers.Missing(t, "node", "tools/packages")
	}
	const none, other = `{"version": "", "url": "", "sha256": {}}`, `{"version": "1.2.3", "url": "", "sha256": {"plan9-mips": "0"}}`
	for name, c := range map[string]struct {
		sums, program string // the script that stands for go; "" for none
		env           string
		want          []string
	}{
		"no Go":                      {none, "", "", []string{"::error title=Go is missing::", "no release is committed", "actions/setup-go with go-version 1.26", "PRESSRUN_BUILD_PROGRAM"}},
		"no Go, one is asked":        {other, "", "INPUT_BUILD-PROGRAM=true", []string{"::error title=Go is missing::", "build-program is set"}},
		"another machine":            {other, "", "", []string{"::error title=Go is missing::", "v1.2.3 has no program for " + runtime.GOOS, "(it has plan9-mips)"}},
		"Go is too old":              {none, "echo 'go: go.mod requires go >= 1.26.0 (running go 1.21.0; GOTOOLCHAIN=local)' >&2; exit 1", "", []string{"::error title=Go does not fit::", "requires go >= 1.26.0", "Go 1.26.0 or later is needed"}},
		"it says that it takes long": {none, "[ \"$1\" = env ] && echo go1.26.8 && exit; exit 1", "", []string{"::notice title=The program is built from source::", "go1.26.8", "::error title=The program does not build::"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, bin := newShim(t, nil), t.TempDir()
			for file, text := range map[string]string{".github/action/checksums.json": c.sums, "go.mod": "module example.org/program\n\ngo 1.26.0\n"} {
				if err := os.WriteFile(filepath.Join(s.dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if c.program != "" {
				if err := os.WriteFile(filepath.Join(bin, "go"), []byte("#!/bin/sh\n"+c.program+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			cmd, out := s.command("RUNNER_TEMP="+t.TempDir(), c.env)
			cmd.Path, cmd.Env = node, append(cmd.Env, "PATH="+bin)
			if err := cmd.Run(); err == nil {
				t.Error("it ended well")
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it does not say %q:\n%s", want, out)
				}
			}
		})
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestTheActionsScriptNoticesAChangedProgramInTheCache(t *testing.T) {
	s := newShim(t, nil)
	cmd, out := s.command("INPUT_STEP=claim")
	_ = cmd.Run() // exit code 7
	kept, err := filepath.Glob(filepath.Join(s.cache, "pressrun", "*", "*", "pressrun"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept is %v, %v\n%s", kept, err, out)
	}
	if err := os.WriteFile(kept[0], []byte("#!/bin/sh\necho evil\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd, out = s.command("INPUT_STEP=claim")
	_ = cmd.Run() // exit code 7
	if strings.Contains(out.String(), "evil") || s.downloads.Load() != 2 {
		t.Errorf("a changed program in the cache was run:\n%s", out)
	}
}

func TestTheActionsScriptRemembersToPost(t *testing.T) {
	s := newShim(t, nil)
	cmd, _ := s.command()
	_ = cmd.Run() // exit code 7
	state, err := os.ReadFile(s.state)
	if err != nil || strings.TrimSpace(string(state)) != "pressrun_main=begun" {
		t.Fatalf("the state is %q, %v", state, err)
	}
	cmd, out := s.command("STATE_pressrun_main=begun", "INPUT_STEP=all")
	_ = cmd.Run() // exit code 7
	if !strings.Contains(out.String(), "did: action post") {
		t.Errorf("post did something else:\n%s", out)
	}
}

// asOnWindows makes Node believe that it runs on Windows, where a program ends at
// once when another one signals it, whatever the signal (nodejs.org: process,
// signal events).
const asOnWindows = `
import { ChildProcess } from "node:child_process";
Object.defineProperty(process, "platform", { value: "win32" });
const kill = ChildProcess.prototype.kill;
ChildProcess.prototype.kill = function () { return kill.call(this, "SIGKILL"); };
`

// GitHub's runner interrupts the script alone, not what the script started. On
// Windows it interrupts everything in the script's console.
func TestTheActionsScriptPassesSignalsOn(t *testing.T) {
	for name, system := range map[string]struct {
		pretend string
		to      func(pid int) int
	}{
		"here":       {"", func(pid int) int { return pid }},
		"on Windows": {asOnWindows, func(pid int) int { return -pid }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShim(t, nil)
			cmd, _ := s.command("INPUT_STEP=build")
			if system.pretend != "" {
				file := filepath.Join(t.TempDir(), "pretend.mjs")
				if err := os.WriteFile(file, []byte(system.pretend), 0o600); err != nil {
					t.Fatal(err)
				}
				cmd.Args = slices.Insert(cmd.Args, 1, "--import", file)
			}
			said := s.interrupted(t, cmd, system.to)
			if cmd.ProcessState.ExitCode() != 130 || !strings.Contains(said, "interrupted") {
				t.Errorf("the script ended with %v:\n%s", cmd.ProcessState, said)
			}
		})
	}
}

// interrupted starts the script, interrupts it once its program has begun, and
// gives what both said by their end.
func (s *shim) interrupted(t *testing.T, cmd *exec.Cmd, to func(pid int) int) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := func() string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	eventually.Holds(t, "the program to begin", func() bool { return strings.Contains(said(), "begun") })
	if err := syscall.Kill(to(cmd.Process.Pid), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its exit code counts
	return said()
}
