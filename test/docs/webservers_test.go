package docs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// example is the text of a file of examples/, with names and addresses of the test.
func example(t *testing.T, file string, replaced ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", filepath.FromSlash(file)))
	if err != nil {
		t.Fatal(err)
	}
	out := string(text)
	for i := 0; i < len(replaced); i += 2 {
		if !strings.Contains(out, replaced[i]) {
			t.Fatalf("examples/%s has no %q", file, replaced[i])
		}
		out = strings.ReplaceAll(out, replaced[i], replaced[i+1])
	}
	return out
}

func write(t *testing.T, file, text string) string {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// aRelease publishes a small site into a folder, and gives the folder.
func aRelease(t *testing.T) string {
	t.Helper()
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	build, live := t.TempDir(), filepath.Join(t.TempDir(), "live")
	for name, text := range map[string]string{
		"index.html": "<h1>Home</h1>", "about/index.html": "<h1>About</h1>", "jobs.html": "<h1>Jobs</h1>",
		"404.html": "<h1>Not here</h1>", "app.0a1b2c3d4e.js": "1", "app.js": "2",
		"report-20240115.js": "3", "photo.2e16d0ba.jpg": "4", "hours-20240115.png": "5",
		".well-known/web-identity": "{}", ".well-known/security.txt": "Contact: mailto:a@example.gov",
	} {
		file := filepath.Join(build, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		write(t, file, text)
	}
	out, err := exec.CommandContext(t.Context(), binary, "deploy", build, "file://"+live, "--site", "www").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return live
}

// started runs a server until the test ends.
func started(t *testing.T, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, servers.Tool(t, name), args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	output := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
}

// nginxAround is the rest of a configuration around a file of conf.d.
func nginxAround(home, file string) string {
	return fmt.Sprintf("daemon off;\nmaster_process off;\npid %[1]s/nginx.pid;\nerror_log stderr warn;\nevents {}\nhttp {\n"+
		"access_log %[1]s/access.log;\nclient_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi;\n"+
		"uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;\ninclude /etc/nginx/mime.types;\ninclude %[2]s;\n}\n", home, file)
}

type visit struct {
	path, has, header string
	status            int
	kind              string // its media type; "" for any
}

// theSite is what visitors of the small site get.
var theSite = []visit{
	{path: "/", status: 200, has: "Home", header: "public, max-age=300"},
	{path: "/about", status: 200, has: "About", header: "public, max-age=300"},
	{path: "/about/", status: 200, has: "About", header: "public, max-age=300"},
	{path: "/jobs", status: 200, has: "Jobs", header: "public, max-age=300"},
	{path: "/app.0a1b2c3d4e.js", status: 200, has: "1", header: "public, max-age=31536000, immutable"},
	{path: "/app.js", status: 200, has: "2", header: "public, max-age=300"},
	{path: "/report-20240115.js", status: 200, has: "3", header: "public, max-age=300"},
	{path: "/photo.2e16d0ba.jpg", status: 200, has: "4", header: "public, max-age=300"},
	{path: "/hours-20240115.png", status: 200, has: "5", header: "public, max-age=300"},
	{path: "/.well-known/web-identity", status: 200, has: "{}", header: "public, max-age=300", kind: "application/json"},
	{path: "/.well-known/security.txt", status: 200, has: "Contact", kind: "text/plain"},
	{path: "/.well-known/nothing", status: 404},
	{path: "/nothing", status: 404, has: "Not here"},
}

func visited(t *testing.T, base string) {
	t.Helper()
	eventually.Succeeds(t, "the web server", func() error {
		resp, err := http.Get(base + "/")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
	for _, v := range theSite {
		resp, err := http.Get(base + v.path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != v.status || !strings.Contains(string(body), v.has) {
			t.Errorf("%s: %s %q %v", v.path, resp.Status, body, err)
		}
		if v.header != "" && resp.Header.Get("Cache-Control") != v.header {
			t.Errorf("%s: Cache-Control is %q, expected %q", v.path, resp.Header.Get("Cache-Control"), v.header)
		}
		if kind := resp.Header.Get("Content-Type"); v.kind != "" && !strings.HasPrefix(kind, v.kind) {
			t.Errorf("%s is %q, expected %s", v.path, kind, v.kind)
		}
	}
}

func TestNginxServesTheFolder(t *testing.T) {
	home, address := t.TempDir(), servers.FreeAddress(t)
	site := write(t, filepath.Join(home, "www.conf"), example(t, "nginx/site.conf", "listen 80;", "listen "+address+";", "/srv/www/live", aRelease(t)))
	started(t, "nginx", "-c", write(t, filepath.Join(home, "nginx.conf"), nginxAround(home, site)), "-p", home)
	visited(t, "http://"+address)
}

func TestCaddyServesTheFolder(t *testing.T) {
	caddy := servers.Tool(t, "caddy")
	home, address := t.TempDir(), servers.FreeAddress(t)
	check := exec.CommandContext(t.Context(), caddy, "validate", "--adapter", "caddyfile", "--config", filepath.Join("..", "..", "examples", "caddy", "Caddyfile"))
	check.Env = append(os.Environ(), "HOME="+home)
	if out, err := check.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	proxy := servers.FreeAddress(t)
	file := write(t, filepath.Join(home, "Caddyfile"), "{\n\tadmin off\n}\n"+example(t, "caddy/Caddyfile",
		"www.example.gov {", "http://"+address+" {", "pressrun.example.gov {", "http://"+proxy+" {", "/srv/www/live", aRelease(t), "127.0.0.1:8080", anApp(t)))
	started(t, "caddy", "run", "--adapter", "caddyfile", "--config", file)
	visited(t, "http://"+address)
	comeAtOnce(t, http.DefaultClient, "http://"+proxy)
}

// anApp stands for the app behind a proxy: a page, and a stream that says a word and
// waits for its reader to go.
func anApp(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s for %s", r.URL.Path, r.Host) })
	mux.HandleFunc("/v1/events", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "data: a word\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String()
}

// comeAtOnce reads the first event of a stream that does not end.
func comeAtOnce(t *testing.T, client *http.Client, base string) {
	t.Helper()
	eventually.Succeeds(t, "the proxy", func() error {
		resp, err := client.Get(base + "/healthz")
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
	ctx, cancel := context.WithTimeout(t.Context(), eventually.Patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/v1/events", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got := make([]byte, len("data: a word"))
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != "data: a word" {
		t.Errorf("the stream gave %q, %v", got, err)
	}
}

// TestNginxBeforeTheApp: TLS, events that come at once, and a log without the
// addresses of hooks.
func TestNginxBeforeTheApp(t *testing.T) {
	home, address := t.TempDir(), servers.FreeAddress(t)
	pair := httptest.NewUnstartedServer(nil)
	pair.StartTLS()
	t.Cleanup(pair.Close)
	key, err := x509.MarshalPKCS8PrivateKey(pair.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(home, "fullchain.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate().Raw})))
	write(t, filepath.Join(home, "privkey.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	app := write(t, filepath.Join(home, "app.conf"), example(t, "nginx/app.conf", "listen 443 ssl", "listen "+address+" ssl",
		"/etc/ssl/pressrun", home, "127.0.0.1:8080", anApp(t)))
	started(t, "nginx", "-c", write(t, filepath.Join(home, "nginx.conf"), nginxAround(home, app)), "-p", home)
	roots := x509.NewCertPool()
	roots.AddCert(pair.Certificate())
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}}
	comeAtOnce(t, client, "https://"+address)
	for _, path := range []string{"/hooks/www/prh_SECRET", "/a-page"} {
		resp, err := client.Get("https://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	eventually.Succeeds(t, "the access log", func() error {
		log, err := os.ReadFile(filepath.Join(home, "access.log"))
		if err == nil && strings.Contains(string(log), "prh_SECRET") {
			t.Error("the address of a hook is in the access log")
		}
		if err == nil && !strings.Contains(string(log), "/a-page") {
			return fmt.Errorf("no line of /a-page in %q", log)
		}
		return err
	})
}

// TestSystemdTakesTheUnit: it is understood without a warning, with the drop-in and
// without, and gives the service little of the machine.
func TestSystemdTakesTheUnit(t *testing.T) {
	analyze := servers.Tool(t, "systemd-analyze")
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	for _, dropIn := range []bool{false, true} {
		folder := t.TempDir()
		unit := write(t, filepath.Join(folder, "pressrun.service"), example(t, "systemd/pressrun.service", "/usr/local/bin/pressrun", binary))
		if dropIn {
			if err := os.Mkdir(unit+".d", 0o750); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(unit+".d", "folder.conf"), example(t, "systemd/folder.conf"))
		}
		for _, args := range [][]string{{"verify", "--man=no", unit}, {"security", "--offline=true", "--threshold=25", unit}} {
			out, err := exec.CommandContext(t.Context(), analyze, args...).CombinedOutput()
			if err != nil || args[0] == "verify" && len(bytes.TrimSpace(out)) > 0 {
				t.Errorf("systemd-analyze %s, drop-in %v: %v\n%s", args[0], dropIn, err, out)
			}
		}
	}
}
