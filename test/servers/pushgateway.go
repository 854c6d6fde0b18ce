package servers

import (
	"bytes"
	"os/exec"
	"testing"
)

// StartPushgateway runs a real Prometheus Pushgateway until the test ends, and returns
// its address. It comes from Debian ("prometheus-pushgateway").
func StartPushgateway(t testing.TB) string {
	t.Helper()
	binary, err := exec.LookPath("prometheus-pushgateway")
	if err != nil {
		Missing(t, "prometheus-pushgateway", "apt-get install prometheus-pushgateway")
	}
	address := FreeAddress(t)
	output := new(bytes.Buffer)
	cmd := exec.Command(binary, "--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("start prometheus-pushgateway: %v", err)
	}
	t.Cleanup(func() { stopGateway(t, cmd, output) })
	WaitHTTP(t, "http://"+address+"/-/ready")
	return "http://" + address
}
