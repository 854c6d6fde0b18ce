package servers

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// StartMoto runs moto, which imitates AWS's control planes, until the test ends
// and returns its address. It can't be had everywhere, so a test without it is
// skipped, also where CI=true.
func StartMoto(t testing.TB) string {
	t.Helper()
	binary, err := exec.LookPath("moto_server")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: moto_server is not installed (pip install 'moto[server]')")
	}
	address := FreeAddress(t)
	output := new(bytes.Buffer)
	host, port, _ := strings.Cut(address, ":")
	cmd := exec.Command(binary, "-H", host, "-p", port)
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("start moto_server: %v", err)
	}
	t.Cleanup(func() { stopGateway(t, cmd, output) })
	WaitHTTP(t, "http://"+address+"/moto-api/")
	return "http://" + address
}
