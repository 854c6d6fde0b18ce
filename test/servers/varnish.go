package servers

import (
	"bytes"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// StartVarnish runs a real Varnish in front of an origin until the test ends,
// and returns its address. The VCL's backend default is pointed at the origin.
// Varnish comes from Debian ("varnish"), and needs a C compiler at run time.
func StartVarnish(t testing.TB, vcl, origin string) string {
	t.Helper()
	binary, err := exec.LookPath("varnishd")
	if err != nil {
		binary = "/usr/sbin/varnishd" // not on the path of ordinary users
		if _, err := os.Stat(binary); err != nil {
			Missing(t, "varnishd", "apt-get install varnish")
		}
	}
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatalf("the origin's address: %v", err)
	}
	host, port, err := net.SplitHostPort(u.Host)
	if err != nil {
		t.Fatalf("the origin's address: %v", err)
	}
	for old, value := range map[string]string{`.host = "127.0.0.1"`: `.host = "` + host + `"`, `.port = "8080"`: `.port = "` + port + `"`} {
		if strings.Count(vcl, old) != 1 {
			t.Fatalf("the VCL has %s %d times, not once", old, strings.Count(vcl, old))
		}
		vcl = strings.Replace(vcl, old, value, 1)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "test.vcl")
	if err := os.WriteFile(file, []byte(vcl), 0o600); err != nil {
		t.Fatalf("write the VCL: %v", err)
	}
	address := FreeAddress(t)
	output := new(bytes.Buffer)
	// No jail and no management port: it runs as who we are, for this test alone.
	cmd := exec.Command(binary, "-F", "-a", address, "-f", file, "-n", filepath.Join(dir, "state"), "-s", "malloc,16m", "-T", "none", "-j", "none")
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("start varnishd: %v", err)
	}
	t.Cleanup(func() { stopGateway(t, cmd, output) })
	WaitHTTP(t, "http://"+address+"/")
	return "http://" + address
}
