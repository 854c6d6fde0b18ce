package cdn

import (
	"bytes"
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
	"time"

	"github.com/pressrun/pressrun/test/servers"
)

// TestVarnishForgetsWhatItIsTold runs a real Varnish with the VCL of the guide.
func TestVarnishForgetsWhatItIsTold(t *testing.T) {
	binary := servers.Tool(t, "varnishd")
	var version atomic.Int64
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=600")
		if strings.HasPrefix(r.URL.Path, "/news/") {
			w.Header().Set("x-amz-meta-cache-tag", "news, list")
		}
		_, _ = fmt.Fprint(w, version.Load())
	}))
	t.Cleanup(origin.Close)
	vcl, err := os.ReadFile("../../docs/varnish.vcl")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(origin.URL, "http://"), ":")
	file := filepath.Join(t.TempDir(), "test.vcl")
	if err := os.WriteFile(file, bytes.Replace(vcl, []byte(`"8080"`), []byte(`"`+port+`"`), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	address := servers.FreeAddress(t)
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), binary, "-F", "-a", address, "-f", file, "-n", t.TempDir(), "-s", "malloc,16m", "-T", "none", "-j", "none")
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})
	servers.WaitHTTP(t, "http://"+address+"/up")

	get := func(path string) string {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Host = "www.example.org"
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.Header.Get("x-url") != "" {
			t.Fatalf("%v, %v", err, response.Header)
		}
		return string(body)
	}
	p, err := Open(t.Context(), Config{Address: "varnish:http://" + address, PublicURL: "https://www.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"/", "/a", "/b/1", "/b/2", "/news/1", "/news/2", "/caf%C3%A9"}
	for _, c := range []struct {
		name  string
		purge Purge
		fresh []string
	}{
		{"one address", Purge{Paths: []string{"/a"}}, []string{"/a"}},
		{"an address outside of ASCII", Purge{Paths: []string{"/café"}}, []string{"/caf%C3%A9"}},
		{"a folder", Purge{Prefixes: []string{"/b/"}}, []string{"/b/1", "/b/2"}},
		{"a tag", Purge{Tags: []string{"list"}}, []string{"/news/1", "/news/2"}},
		{"a part of a tag", Purge{Tags: []string{"lis"}}, nil},
		{"everything", Purge{All: true}, all},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := map[string]string{}
			for _, path := range all {
				before[path] = get(path)
			}
			version.Add(1)
			if _, err := p.Purge(t.Context(), c.purge); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Millisecond)
			for _, path := range all {
				fresh := get(path) != before[path]
				want := strings.Contains(" "+strings.Join(c.fresh, " ")+" ", " "+path+" ")
				if fresh != want {
					t.Errorf("%s: fresh = %v, want %v", path, fresh, want)
				}
			}
		})
	}
}
