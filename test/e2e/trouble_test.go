package e2e

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// folderSite is a site whose build is a shell command of the test's.
func folderSite(t *testing.T, command string) (site map[string]any, published string) {
	t.Helper()
	published = filepath.Join(t.TempDir(), "www")
	return map[string]any{
		"source": map[string]any{"folder": t.TempDir()},
		"build":  map[string]any{"command": command, "output": "out"},
		"deploy": map[string]any{"to": "file://" + published},
	}, published
}

// page is a build that publishes one page and leaves a line each time it runs.
func page(ran, more string) string {
	return "echo run >> " + ran + "; " + more + " mkdir -p out && echo '<!doctype html><title>Hello</title>' > out/index.html"
}

func ranTimes(t *testing.T, ran string) int {
	t.Helper()
	text, err := os.ReadFile(ran)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(text), "run\n")
}

func TestARunGoesOnWhileTheAppIsAwayAndTheNextOneTakesItOver(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*server, *testing.T){"stopped": (*server).stop, "killed": (*server).kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ran := filepath.Join(t.TempDir(), "ran")
			site, published := folderSite(t, page(ran, "sleep 3;"))
			app := configure(t, stateFolder(t), "www", site)
			app.start(t)
			asked, err := app.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromEditor})
			if err != nil {
				t.Fatal(err)
			}
			eventually.Holds(t, "the build", func() bool { return ranTimes(t, ran) == 1 })
			end(app, t)
			app.start(t)
			d := app.live(t, asked.ID)
			if d.Number != 1 || ranTimes(t, ran) != 1 {
				t.Errorf("release #%d after %d builds, want the first of one", d.Number, ranTimes(t, ran))
			}
			if _, err := os.Stat(filepath.Join(published, "index.html")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASecondAppOnOneLedgerSaysSoAndExits(t *testing.T) {
	t.Parallel()
	site, _ := folderSite(t, "true")
	app := serve(t, "www", site)
	second := app.command(t)
	var said bytes.Buffer
	second.Stdout, second.Stderr = &said, &said
	err := second.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() == 0 {
		t.Errorf("the second one ended with %v", err)
	}
	if !strings.Contains(said.String(), "another Pressrun") {
		t.Errorf("it said: %s", said.String())
	}
}

func TestAFullDiskRefusesRequestsAndServingResumesByItself(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		servers.Missing(t, "a disk of 4 MiB", "run as root on Linux, to mount one")
	}
	small := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small).CombinedOutput(); err != nil {
		servers.Missing(t, "a disk of 4 MiB", "the right to mount: "+string(out))
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(small, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	site, _ := folderSite(t, "true")
	app := configure(t, small, "www", site)
	app.start(t)
	impatient, err := api.NewClient(app.url, operatorToken, api.Options{Tries: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := impatient.Act(t.Context(), "www", "pause", api.ActInput{Why: "to look at the requests"}); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(small, "filler")
	fill(t, filler)
	acknowledged := 0
	for i := 0; ; i++ {
		if i > 5000 {
			t.Fatal("the disk does not get full")
		}
		_, err := impatient.Ask(t.Context(), "www", "full-"+strconv.Itoa(i), api.RequestInput{Source: release.FromContent, Reason: strings.Repeat("x", 900)})
		if p, ok := errors.AsType[*api.Problem](err); ok && p.Status == 503 {
			t.Logf("refused after %d: %s", i, p.Detail)
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		acknowledged++
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "a request is taken again", func() bool {
		_, err := impatient.Ask(t.Context(), "www", "after", api.RequestInput{Source: release.FromContent})
		return err == nil
	})
	view, err := app.client.Site(t.Context(), "www")
	if err != nil || view.Waiting.Count != int64(acknowledged+1) {
		t.Errorf("%d requests wait, %d were acknowledged (%v)", view.Waiting.Count, acknowledged+1, err)
	}
}

// fill leaves a disk about 200 KiB of room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<10)
	for {
		if _, err = f.Write(block); err != nil {
			break
		}
	}
	info, statErr := f.Stat()
	if err := errors.Join(statErr, f.Truncate(max(0, info.Size()-200<<10)), f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestABuildThatNeverEndsIsEndedWithAllItStarted(t *testing.T) {
	t.Parallel()
	pid := filepath.Join(t.TempDir(), "pid")
	site, _ := folderSite(t, "(setsid sleep 600 & echo $! > "+pid+"); sleep 600")
	site["build"].(map[string]any)["timeout"] = "2s" //nolint:forcetypeassert // made so above
	site["retry"] = []string{}
	app := serve(t, "www", site)
	asked, err := app.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent})
	if err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "the failure", func() bool { return len(what(t, app, asked.ID).Failed) == 1 })
	d, err := app.client.Release(t.Context(), "www", 1)
	if err != nil || d.Outcome != release.Failed || d.Fault != release.FaultBuild {
		t.Errorf("got %+v %v", d.Release, err)
	}
	eventually.Holds(t, "the end of what the build started", func() bool { return gone(t, pid) })
}

func TestACancelEndsTheWholeBuildAndKeepsTheRequest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pid, ran := filepath.Join(dir, "pid"), filepath.Join(dir, "ran")
	site, _ := folderSite(t, page(ran, "if [ ! -e "+pid+" ]; then (setsid sleep 600 & echo $! > "+pid+"); trap '' TERM INT; sleep 600; fi;"))
	app := serve(t, "www", site)
	asked, err := app.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromContent})
	if err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "the build", func() bool { text, err := os.ReadFile(pid); return err == nil && len(text) > 0 })
	if _, err := app.client.Act(t.Context(), "www", "cancel", api.ActInput{Why: "the wrong text"}); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "the end of the release", func() bool { return len(what(t, app, asked.ID).Failed) == 1 })
	eventually.Holds(t, "the end of what the build started", func() bool { return gone(t, pid) })
	if d, err := app.client.Release(t.Context(), "www", 1); err != nil || d.Outcome != release.Cancelled || d.Why != "the wrong text" {
		t.Errorf("got %+v %v", d.Release, err)
	}
	again := app.release(t, "www", api.RequestInput{Source: release.FromContent})
	if r := what(t, app, asked.ID); r.Status != release.Live || r.Release != again.Number {
		t.Errorf("the cancelled request is %s", r.Text)
	}
}

func TestABuildThatPrintsALotLeavesABoundedLog(t *testing.T) {
	t.Parallel()
	site, _ := folderSite(t, "echo the beginning; yes 'a line of output that says nothing new' | head -c 100000000; echo the end; mkdir -p out; echo '<title>x</title>' > out/index.html")
	app := serve(t, "www", site)
	d := app.release(t, "www", api.RequestInput{Source: release.FromContent})
	log, err := app.client.Log(t.Context(), "www", d.Number)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(log)
	if err := errors.Join(err, log.Close()); err != nil {
		t.Fatal(err)
	}
	if len(text) > 16<<20 {
		t.Errorf("the log has %d bytes", len(text))
	}
	for _, want := range []string{"the beginning", "the end"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func what(t *testing.T, app *server, id string) api.Request {
	t.Helper()
	r, err := app.client.Request(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// gone says whether the process named in a file has ended.
func gone(t *testing.T, file string) bool {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return false // not written whole yet
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}
