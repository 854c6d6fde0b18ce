//go:build unix

package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/fakes3"
)

// readerGone is the end of a pipe that nobody reads.
func readerGone(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestAReaderThatGoesAwayStopsNoDeploy in its middle, as `2>&1 | head` is one.
func TestAReaderThatGoesAwayStopsNoDeploy(t *testing.T) {
	build, www := clitest.Build(t, map[string]string{"index.html": "<p>hello"}), filepath.Join(t.TempDir(), "www")
	cmd, out, _ := start(t, t.TempDir(), "deploy", build, "file://"+www, "--progress", "plain")
	cmd.Stderr = readerGone(t)
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "release 1 is live") {
		t.Errorf("%v: %s", err, out)
	}
	cmd, _, errs := start(t, t.TempDir(), "audit", "file://"+www)
	cmd.Stdout = readerGone(t)
	_ = cmd.Run() // its code is looked at
	if code := cmd.ProcessState.ExitCode(); code != exit.NoReader || errs.Len() > 0 {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// hanging is a store that gives no answer any more from a write of the site's page
// on, and the program's arguments and environment to deploy to it.
func hanging(t *testing.T) (hangs chan struct{}, args, env []string) {
	t.Helper()
	hangs = make(chan struct{})
	ended := make(chan struct{})
	var once sync.Once
	fake := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		if r.Method == http.MethodPut && r.URL.Path == "/www/index.html" {
			once.Do(func() { close(hangs) })
		}
		select {
		case <-hangs:
			<-ended
		default:
		}
		return nil
	}}
	fake.Bucket("www", nil)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ended) })
	build := clitest.Build(t, map[string]string{"index.html": "<p>hello"})
	return hangs, []string{"deploy", build, "s3://www"}, []string{"AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s", "PRESSRUN_S3_ENDPOINT=" + server.URL}
}

func TestASecondInterruptEndsAtOnce(t *testing.T) {
	hangs, args, env := hanging(t)
	cmd, _, _ := start(t, t.TempDir(), args...)
	cmd.Env, cmd.Stderr = append(cmd.Env, env...), nil
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-hangs
	for range 2 { // the terminal's, and the same again from a wrapper
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
	}
	readUntil(t, errs, "Interrupt again to end at once")
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = eventually.Returns(t, "its end", cmd.Wait) // its signal is looked at
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v", cmd.ProcessState)
	}
}
