//go:build linux

package local

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
)

func there(t *testing.T, path string) bool {
	t.Helper()
	_, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return err == nil
}

// words collects a log.
type words struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *words) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func (w *words) count(what string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Count(w.text.String(), what)
}

func TestADeadSupervisorsCopyOfTheSourceIsRemoved(t *testing.T) {
	repo := newRepository(t)
	p := newPlace(t, `echo $$ >> ../pids; sleep 300`)
	p.settings.Folder, p.settings.Git = "", repo.path
	b := p.open(t)
	b.dispatch(1)
	eventually.Holds(t, "the build", func() bool { return len(pids(t, b.folder(1).file("pids"))) > 0 })
	if !there(t, b.folder(1).file("source")) {
		t.Fatal("the build does not run in a copy")
	}
	supervisor, _, err := b.folder(1).started()
	if err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if e := b.ended(1); e.Conclusion != release.RunDied {
		t.Errorf("it ended as %+v", e)
	}
	if there(t, b.folder(1).file("source")) {
		t.Error("its copy of the source is left")
	}
	// The repository's copy is still good for the next one.
	p.mu.Lock()
	p.settings.Env["PRESSRUN_BUILD"] = "cat text"
	p.mu.Unlock()
	b.dispatch(2)
	if e := b.ended(2); e.Conclusion != release.RunSucceeded || b.log(2) == "" {
		t.Errorf("the next ended as %+v\n%s", e, b.log(2))
	}
}

// The supervisor and the app die together: the next app clears up, also after
// runs that are not the site's newest.
func TestTheNextAppRemovesCopiesThatNobodyNeeds(t *testing.T) {
	p := newPlace(t, "true")
	b := p.open(t)
	for number := range int64(2) {
		b.dispatch(number + 1)
		b.ended(number + 1)
	}
	p.mu.Lock()
	p.settings.Env["PRESSRUN_BUILD"] = "sleep 300"
	p.mu.Unlock()
	running := b.dispatch(3)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for number := range int64(3) {
		if err := os.MkdirAll(b.folder(number+1).file("source"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(b.folder(1).file("exit.json")); err != nil { // it was never concluded
		t.Fatal(err)
	}
	again := p.open(t)
	if err := again.Reattach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if there(t, b.folder(1).file("source")) || there(t, b.folder(2).file("source")) {
		t.Error("an old run's copy is left")
	}
	if exit, known, err := b.folder(1).exit(); err != nil || !known || exit.Conclusion != release.RunDied {
		t.Errorf("the run without an end: %+v %v %v", exit, known, err)
	}
	if !there(t, b.folder(3).file("source")) {
		t.Error("the copy of a run that lives was removed")
	}
	if err := again.Cancel(t.Context(), "www", 3, running); err != nil {
		t.Fatal(err)
	}
	again.ended(3)
}

func TestWhatARemovedSiteLeftIsRemovedUnlessItIsInUse(t *testing.T) {
	repo := newRepository(t)
	p := newPlace(t, "true")
	p.settings.Folder, p.settings.Git = "", repo.path
	b := p.open(t)
	b.dispatch(1)
	b.ended(1)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	runs, sources := filepath.Join(p.state, "runs", "www"), folder{path: filepath.Join(p.state, "sources")}
	copied := sources.file("www.git")
	start := func(site string) *bench {
		next := p.open(t, func(o *Options) {
			o.Settings = func(name string) (Settings, bool) { return Settings{}, name == site }
		})
		if err := next.Reattach(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := next.Close(); err != nil {
			t.Fatal(err)
		}
		return next
	}
	start("www")
	if !there(t, runs) || !there(t, copied) {
		t.Fatal("a configured site lost something")
	}
	guard, err := lockFile(sources.file("www.lock"))
	if err != nil {
		t.Fatal(err)
	}
	start("other")
	if !there(t, copied) {
		t.Error("a copy was removed that somebody uses")
	}
	if err := guard.Close(); err != nil {
		t.Fatal(err)
	}
	lock, err := b.folder(1).lock()
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-removedFor - time.Hour)
	if err := os.Chtimes(b.folder(1).path, old, old); err != nil {
		t.Fatal(err)
	}
	start("other")
	if !there(t, copied) || !there(t, b.folder(1).file("exit.json")) {
		t.Error("something was removed while a run of the site lives")
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(b.folder(1).path, time.Now(), time.Now()); err != nil {
		t.Fatal(err)
	}
	start("other")
	if there(t, copied) || there(t, sources.file("www.lock")) || !there(t, b.folder(1).file("output.log")) {
		t.Error("only the repository's copy should be gone")
	}
	if err := os.Chtimes(b.folder(1).path, old, old); err != nil {
		t.Fatal(err)
	}
	start("other")
	if there(t, runs) {
		t.Error("the runs of a site removed long ago are left")
	}
}

func TestASlowStartKeepsNoOtherSiteWaiting(t *testing.T) {
	p := newPlace(t, "true")
	b := p.open(t, func(o *Options) {
		o.Settings = func(string) (Settings, bool) { return p.settings, true }
	})
	stuck, release := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	b.crash = func(point string) {
		if point == "intended" && held.CompareAndSwap(false, true) {
			close(stuck)
			<-release
		}
	}
	var group sync.WaitGroup
	group.Go(func() {
		if _, err := b.Dispatch(t.Context(), job(1)); err != nil {
			t.Error(err)
		}
	})
	<-stuck
	other := make(chan error, 1)
	group.Go(func() {
		docs := runner.Job{Site: "docs", Release: 1, Token: "token-docs", AppURL: "http://127.0.0.1:1", Bearer: "b"}
		_, err := b.Dispatch(t.Context(), docs)
		if err == nil {
			_, err = b.Find(t.Context(), docs)
		}
		other <- err
	})
	if err := eventually.Receives(t, "another site's dispatch", other); err != nil {
		t.Error(err)
	}
	close(release)
	group.Wait()
	for range 2 {
		<-b.events
	}
}

func TestALockThatCannotBeReadIsToldOnceAndLookedAtAgain(t *testing.T) {
	state := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log := &words{}
		r, err := New(Options{
			State: state, Poll: time.Millisecond, Logger: slog.New(slog.NewTextHandler(log, nil)),
			Settings: func(string) (Settings, bool) { return Settings{}, false },
			OnEvent:  func(string, int64, release.Event) {},
		})
		if err != nil {
			t.Fatal(err)
		}
		f := folder{path: t.TempDir()}
		// A link to itself can be opened by nobody, root included.
		if err := os.Symlink("run.lock", f.file("run.lock")); err != nil {
			t.Fatal(err)
		}
		over := make(chan bool)
		go func() { over <- r.watchers.waitFor(f, nil) }()
		time.Sleep(time.Hour)
		if n := log.count("can't be checked"); n != 1 {
			t.Errorf("it was told %d times", n)
		}
		if err := errors.Join(os.Remove(f.file("run.lock")), os.WriteFile(f.file("run.lock"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		mended := time.Now()
		if !<-over {
			t.Error("the end of the run was not noticed")
		}
		if after := time.Since(mended); after > longestPoll {
			t.Errorf("it was looked at again after %s", after)
		}
		if log.count("can be checked again") != 1 {
			t.Error("that it is well again was not told")
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Somebody tries a restore beside the app that is in use: its copy of the state
// folder speaks of processes that are not its own.
func TestACopyOfTheStateFolderEndsNobodysRun(t *testing.T) {
	p := newPlace(t, "echo $$ >> pids; while [ ! -e go ]; do sleep 0.02; done; echo went on")
	b := p.open(t)
	run := b.dispatch(1)
	eventually.Holds(t, "the build", func() bool { return len(pids(t, filepath.Join(p.settings.Folder, "pids"))) > 0 })
	other := &place{state: t.TempDir(), settings: p.settings}
	if err := os.CopyFS(other.state, os.DirFS(p.state)); err != nil {
		t.Fatal(err)
	}
	drill := other.open(t)
	if err := drill.Reattach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if event, err := drill.LookUp(t.Context(), "www", 1, run); err == nil || !strings.Contains(err.Error(), "copy") {
		t.Errorf("looked up: %+v, %v", event, err)
	}
	if err := os.WriteFile(filepath.Join(p.settings.Folder, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if e := b.ended(1); e.Conclusion != release.RunSucceeded || b.log(1) != "went on\n" {
		t.Errorf("it ended as %+v\n%s", e, b.log(1))
	}
	event, err := drill.LookUp(t.Context(), "www", 1, run)
	if e, ok := event.(release.RunEnded); err != nil || !ok || e.Conclusion != release.RunDied {
		t.Errorf("looked up when nobody runs: %+v, %v", event, err)
	}
}
