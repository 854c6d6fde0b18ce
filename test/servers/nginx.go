package servers

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// nginxConfig is that of an nginx that a test owns: one process, and nothing
// outside of its own folder.
const nginxConfig = `daemon off;
master_process off;
pid %[1]s/nginx.pid;
error_log stderr warn;
events { worker_connections 512; }
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;
	uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
	%[2]s
	server { listen %[3]s; %[4]s }
}
`

// StartNginx runs a real nginx until the test ends, and returns its address as
// host and port. It takes what belongs into the http block and what into the
// server block. nginx comes from Debian ("nginx-light").
func StartNginx(t testing.TB, inHTTP, inServer string) string {
	t.Helper()
	binary := Tool(t, "nginx")
	home, address := t.TempDir(), FreeAddress(t)
	file := filepath.Join(home, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConfig, home, inHTTP, address, inServer), 0o600); err != nil {
		t.Fatalf("write nginx's configuration: %v", err)
	}
	output := new(bytes.Buffer)
	cmd := exec.CommandContext(t.Context(), binary, "-c", file, "-p", home)
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatalf("start nginx: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	WaitHTTP(t, "http://"+address+"/")
	return address
}
