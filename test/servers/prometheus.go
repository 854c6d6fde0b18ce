package servers

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// StartPrometheus runs a real Prometheus with a configuration file until the test
// ends, and returns its address. It comes from Debian ("prometheus").
func StartPrometheus(t testing.TB, config string) string {
	t.Helper()
	binary := Prometheus(t, "prometheus")
	address := FreeAddress(t)
	output := new(bytes.Buffer)
	cmd := exec.Command(binary, "--config.file="+config, "--web.listen-address="+address, "--storage.tsdb.path="+filepath.Join(t.TempDir(), "data"))
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("start prometheus: %v", err)
	}
	t.Cleanup(func() { stopGateway(t, cmd, output) })
	WaitHTTP(t, "http://"+address+"/-/ready")
	return "http://" + address
}

// Prometheus is the path of one of its programs, prometheus or promtool.
func Prometheus(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		Missing(t, program, "apt-get install prometheus")
	}
	return path
}
