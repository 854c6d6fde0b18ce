package serve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

func TestHealth(t *testing.T) {
	well := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, `{"status":"ok"}`)
	}))
	defer well.Close()
	folder := t.TempDir()
	good, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "pressrun.yaml")
	listen := strings.TrimPrefix(well.URL, "http://")
	if err := os.WriteFile(file, append([]byte("listen: "+listen+"\n"), good...), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(folder)
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"health"}}); o.Code != 0 || !strings.Contains(o.Out, "is well") {
		t.Errorf("the address of the configuration: %+v", o)
	}
	sick := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "the disk is full\x1b[31m", http.StatusServiceUnavailable)
	}))
	defer sick.Close()
	o := clitest.Run(t, clitest.Invocation{Args: []string{"health", "--app", sick.URL, "--json"}})
	if o.Code != exit.Unreachable || !strings.Contains(o.Out, `"healthy": false`) || !strings.Contains(o.Err, "the disk is full") || strings.Contains(o.Err, "\x1b") {
		t.Errorf("a sick server: %+v", o)
	}
}
