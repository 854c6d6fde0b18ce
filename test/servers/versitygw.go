// Package servers starts the real servers that end-to-end tests need. A test
// whose server is not installed is skipped with a loud reason on a developer's
// machine and fails where CI=true.
package servers

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/freeport"
)

// Region is the region that every S3 server here answers to.
const Region = "us-east-1"

// VersityGW is a running S3 server that keeps buckets as folders.
type VersityGW struct {
	Endpoint  string // http://127.0.0.1:port
	AccessKey string
	SecretKey string
	Data      string // folder whose subfolders are the buckets

	cmd    *exec.Cmd
	output *bytes.Buffer
}

// StartVersityGW runs an S3 server until the test ends, with the given buckets.
func StartVersityGW(t testing.TB, buckets ...string) *VersityGW {
	t.Helper()
	return startVersityGW(t, t.TempDir(), nil, buckets)
}

// StartVersityGWIn runs one that keeps its buckets in this folder.
func StartVersityGWIn(t testing.TB, data string, buckets ...string) *VersityGW {
	t.Helper()
	return startVersityGW(t, data, nil, buckets)
}

// StartVersioningGW runs one whose buckets can keep versions: see KeepVersions.
func StartVersioningGW(t testing.TB, buckets ...string) *VersityGW {
	t.Helper()
	return startVersityGW(t, t.TempDir(), []string{"--versioning-dir", t.TempDir()}, buckets)
}

func startVersityGW(t testing.TB, data string, options, buckets []string) *VersityGW {
	t.Helper()
	binary := Tool(t, "versitygw")
	for _, b := range buckets {
		if err := os.Mkdir(filepath.Join(data, b), 0o755); err != nil {
			t.Fatalf("make bucket: %v", err)
		}
	}
	s := &VersityGW{AccessKey: "test-access", SecretKey: "test-secret", Data: data, output: new(bytes.Buffer)}
	address := FreeAddress(t)
	s.Endpoint = "http://" + address
	// The sidecar keeps metadata beside the data, so that tests also run on file
	// systems without extended attributes.
	args := append([]string{"--port", address, "--region", Region, "--health", "/health", "--quiet", "posix"}, options...)
	if !hasXattr(data) {
		args = append(args, "--sidecar", t.TempDir())
	}
	s.cmd = exec.Command(binary, append(args, data)...)
	s.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+s.AccessKey, "ROOT_SECRET_KEY="+s.SecretKey)
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		t.Fatalf("start versitygw: %v", err)
	}
	t.Cleanup(func() { stopGateway(t, s.cmd, s.output) })
	WaitHTTP(t, s.Endpoint+"/health")
	return s
}

// Tool finds a server's binary: in $PRESSRUN_TOOLS_BIN, in the repository's
// bin/tools, or on the PATH.
func Tool(t testing.TB, name string) string {
	t.Helper()
	for _, dir := range []string{os.Getenv("PRESSRUN_TOOLS_BIN"), filepath.Join(root(), "bin", "tools")} {
		if dir == "" {
			continue
		}
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err == nil && !info.IsDir() {
			return file
		}
	}
	if file, err := exec.LookPath(name); err == nil {
		return file
	}
	Missing(t, name, "tools/install "+name+", or PRESSRUN_TOOLS_BIN set to the folder that holds it")
	return ""
}

// root is the repository's root, from where this file was compiled.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// FreeAddress is a local address that nothing listens on.
func FreeAddress(t testing.TB) string {
	t.Helper()
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// WaitHTTP waits until the URL answers 200.
func WaitHTTP(t testing.TB, url string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), eventually.Patience)
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatalf("wait for %s: %v", url, err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(response.Status)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s did not come up in %s: %v", url, eventually.Patience, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stopGateway ends a server that this test started, and shows what it said if the test
// failed.
func stopGateway(t testing.TB, cmd *exec.Cmd, output *bytes.Buffer) {
	t.Helper()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		<-done
	}
	if t.Failed() {
		t.Logf("%s said:\n%s", filepath.Base(cmd.Path), output.String())
	}
}
