//go:build linux

package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/process"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
)

// TestMain lets the test binary be the program: a run's supervisor, its
// action, and an app that dies in the middle of a dispatch.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "run-local":
			os.Exit(superviseMain())
		case "action":
			os.Exit(actionMain())
		case "die-at":
			os.Exit(dieMain(os.Args[2], os.Args[3]))
		}
	}
	// A process under the race detector sleeps a second at its end by default.
	// The end of a dead run's processes finds them by the run's name, anywhere on
	// the machine: the same tests at work beside these must not have the same runs.
	if err := errors.Join(os.Setenv("GORACE", "atexit_sleep_ms=0"), os.Setenv(tokensOfThese, rand.Text())); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func superviseMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := Supervise(ctx, os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// actionMain stands for `pressrun action all`: it runs the build and keeps a
// state file, and counts how often it was started.
func actionMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	folder := filepath.Dir(os.Getenv("PRESSRUN_STATE_FILE"))
	count, err := os.OpenFile(filepath.Join(folder, "starts"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 99
	}
	fmt.Fprintln(count, os.Getpid())
	_ = count.Close()
	if state := os.Getenv("PRESSRUN_TEST_STATE"); state != "" {
		if err := os.WriteFile(os.Getenv("PRESSRUN_STATE_FILE"), []byte(state), 0o600); err != nil {
			return 98
		}
	}
	err = process.Run(ctx, process.Command{
		Args: process.Shell(os.Getenv("PRESSRUN_BUILD")), Dir: os.Getenv("PRESSRUN_DIR"),
		Env: os.Environ(), Output: os.Stdout, Grace: 300 * time.Millisecond,
	})
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	if err != nil {
		return 130
	}
	return 0
}

// dieMain dispatches a job and dies as kill -9 would at a point of it.
func dieMain(state, point string) int {
	r, err := New(Options{State: state, Settings: func(string) (Settings, bool) {
		return Settings{Folder: state, Env: map[string]string{"PRESSRUN_BUILD": "sleep 0.3"}}, true
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	r.crash = func(at string) {
		if at == point {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	}
	_, err = r.Dispatch(context.Background(), job(1))
	fmt.Fprintln(os.Stderr, "not killed:", err)
	return 1
}

// bench is a runner with its events.
type bench struct {
	t *testing.T
	*Runner
	state  string
	events chan told
}

type told struct {
	site   string
	number int64
	event  release.Event
}

// place is a state folder with the settings of its one site, www.
type place struct {
	state    string
	mu       sync.Mutex
	settings Settings
}

func newPlace(t *testing.T, build string) *place {
	t.Helper()
	source := t.TempDir()
	return &place{state: t.TempDir(), settings: Settings{Folder: source, Env: map[string]string{"PRESSRUN_BUILD": build}}}
}

func (p *place) open(t *testing.T, change ...func(*Options)) *bench {
	t.Helper()
	b := &bench{t: t, state: p.state, events: make(chan told, 100)}
	opts := Options{
		State: p.state, Poll: 20 * time.Millisecond, Grace: 500 * time.Millisecond,
		Settings: func(site string) (Settings, bool) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.settings, site == "www"
		},
		OnEvent: func(site string, number int64, e release.Event) { b.events <- told{site, number, e} },
	}
	for _, c := range change {
		c(&opts)
	}
	r, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	b.Runner = r
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		killAll(p.state)
	})
	return b
}

// killAll ends what a failed test has left.
func killAll(state string) {
	files, _ := filepath.Glob(filepath.Join(state, "runs", "*", "*", "started.json"))
	for _, file := range files {
		f := folder{path: filepath.Dir(file)}
		if id, ok, err := f.started(); err == nil && ok && id.Alive() {
			_ = id.Signal(syscall.SIGKILL)
		}
		if rec, err := f.record(); err == nil {
			process.EndMarked("PRESSRUN_RUN_ID=" + rec.ID)
		}
	}
}

// tokensOfThese is a variable that tells the tokens, and so the runs, of these
// tests from those of others on the machine.
const tokensOfThese = "TEST_TOKENS"

func job(number int64) runner.Job {
	return runner.Job{
		Site: "www", Release: number, Token: fmt.Sprintf("token-%d-%s", number, os.Getenv(tokensOfThese)),
		AppURL: "http://127.0.0.1:1", Bearer: "the-bearer-secret",
	}
}

func (b *bench) dispatch(number int64) release.Run {
	b.t.Helper()
	run, err := b.Dispatch(b.t.Context(), job(number))
	if err != nil {
		b.t.Fatalf("dispatch: %v", err)
	}
	return run
}

// ended waits for the word that a run is over.
func (b *bench) ended(number int64) release.RunEnded {
	b.t.Helper()
	b.t.Cleanup(func() {
		if b.t.Failed() {
			b.t.Logf("the log of release %d:\n%s", number, b.log(number))
		}
	})
	got := eventually.Receives(b.t, fmt.Sprintf("the end of release %d", number), b.events)
	e, ok := got.event.(release.RunEnded)
	if !ok || got.number != number || got.site != "www" {
		b.t.Fatalf("told %+v, not the end of release %d", got, number)
	}
	return e
}

func (b *bench) log(number int64) string {
	b.t.Helper()
	log, err := b.Log(context.WithoutCancel(b.t.Context()), "www", number)
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		b.t.Fatal(err)
	}
	defer log.Close()
	text, err := io.ReadAll(log)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b *bench) folder(number int64) folder {
	f, err := runFolder(b.state, "www", number)
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

func (b *bench) starts(number int64) int {
	text, err := os.ReadFile(b.folder(number).file("starts"))
	if err != nil {
		return 0
	}
	return strings.Count(string(text), "\n")
}

// pids are the processes that a build has written down, in its source folder.
func pids(t *testing.T, path string) []int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out []int
	for _, f := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(f)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, pid)
	}
	return out
}

func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// tempDir is a folder for one example of a property.
func tempDir(t interface {
	Fatal(args ...any)
	Cleanup(f func())
},
) string {
	dir, err := os.MkdirTemp("", "pressrun-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}
