//go:build unix

package action_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/release"
)

// nextFor has the app ask for another release of the bench.
func (b *bench) nextFor(app *fakeApp, n int) {
	b.t.Helper()
	app.ask("again")
	token := fmt.Sprintf("token-%d", n)
	app.must(release.Tick{Token: token})
	run := fmt.Sprintf("run-%d", n)
	app.must(release.DispatchConfirmed{Token: token, Run: release.Run{ID: run, Attempt: 1}})
	b.opts.Release, b.opts.DispatchToken, b.opts.RunID = app.now().Current.Number, token, run
	b.opts.StateFile = filepath.Join(b.t.TempDir(), "state.json")
}

func (b *bench) git(args ...string) {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), "git", append([]string{"-C", b.dir, "-c", "user.name=a", "-c", "user.email=a@example.gov"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

// lately is how the last release ended.
func (b *bench) lately(app *fakeApp) release.Outcome {
	b.t.Helper()
	return app.now().Last.Outcome
}

func TestARunEndsWhereContentAndCodeAreAsTheyAreLive(t *testing.T) {
	cms, app := newSimulated(t), newFakeApp(t)
	b := newBench(t, "echo built >>built.log && "+copyBuild).with(app)
	cms.write(t, b.dir)
	for name, text := range map[string]string{"page.txt": "one", ".gitignore": "/built.log\n"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.git("init", "-q")
	b.git("add", ".gitignore", "page.txt", "cms.yaml")
	b.git("commit", "-qm", "a frontend")
	b.opts.Export, b.opts.ExportTo = "cms.yaml", "content"
	b.wantExit(b.run("all"), failure.ExitOK)
	if c := app.now().Live.Reading; c.Consistency != release.Quiet || c.Digest == "" {
		t.Fatalf("the app knows of the first release %+v", c)
	}
	b.nextFor(app, 2)
	b.wantExit(b.run("all"), failure.ExitOK)
	if s := b.state(); s.Outcome != state.OutcomeNothing || b.lately(app) != release.Unchanged {
		t.Fatalf("nothing has changed, and the run ended as %s, the release as %s", s.Outcome, b.lately(app))
	}
	if log, err := os.ReadFile(filepath.Join(b.dir, "built.log")); err != nil || string(log) != "built\n" {
		t.Errorf("it was built: %q (%v)", log, err)
	}
	for n, change := range []func(){
		func() { // code that is not committed
			if err := os.WriteFile(filepath.Join(b.dir, "page.txt"), []byte("two"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		func() { b.git("commit", "-qam", "another") },
		func() { b.opts.Unchanged = "build" },
	} {
		change()
		b.nextFor(app, 3+n)
		b.wantExit(b.run("all"), failure.ExitOK)
		if b.lately(app) != release.Succeeded {
			t.Errorf("change %d: the release ended as %s", n, b.lately(app))
		}
	}
}

func TestARunGivesTheAccountOfItsBake(t *testing.T) {
	var pages atomic.Int64
	cms := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		switch r.URL.Path {
		case "/":
			fmt.Fprintf(w, `<title>Home %d</title><a href="/a/">A</a> <a href="/gone/?x=%%3Cscript%%3E">B</a> <a href="/gone/">C</a>`, pages.Load())
		case "/a/":
			fmt.Fprint(w, `<title>A</title>the page A`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer cms.Close()
	app := newFakeApp(t)
	b := newBench(t, "").with(app)
	b.opts.Bake = cms.URL
	b.wantExit(b.run("all"), failure.ExitOK)
	baked := app.metrics.Baked
	if baked == nil || baked.Mode != "full" || baked.Baked < 2 || baked.Missing != 1 || baked.FirstOf != 1 || baked.First[0].Address != "/gone/" {
		t.Fatalf("the app has of the bake %+v", baked)
	}
	if sum := baked.Baked + baked.Skipped + baked.Stale + baked.Redirects + baked.Gone + baked.Missing + baked.NoPage + baked.LeftOut + baked.Unreachable + baked.Bad; sum != baked.Known {
		t.Errorf("%d addresses are known, and of %d it is told what became of them", baked.Known, sum)
	}
	packed, err := gzip.NewReader(bytes.NewReader(app.account.Lines))
	if err != nil {
		t.Fatal(err)
	}
	lines, err := io.ReadAll(packed)
	if err != nil || int64(strings.Count(string(lines), "\n")) != baked.Known || !strings.HasPrefix(string(lines), `{"address":"/gone/","outcome":"missing"`) {
		t.Errorf("the account is\n%s (%v)", lines, err)
	}
	live := app.now().Live
	if live.Reading.Consistency != release.PerItem || live.Reading.Digest == "" {
		t.Errorf("the app knows of the bake %+v", live.Reading)
	}
	b.nextFor(app, 2)
	b.wantExit(b.run("all"), failure.ExitOK)
	if b.lately(app) != release.Unchanged {
		t.Errorf("the pages are as they were, and the release ended as %s", b.lately(app))
	}
	pages.Add(1)
	b.nextFor(app, 3)
	b.wantExit(b.run("all"), failure.ExitOK)
	if b.lately(app) != release.Succeeded {
		t.Errorf("a page has changed, and the release ended as %s", b.lately(app))
	}
}
