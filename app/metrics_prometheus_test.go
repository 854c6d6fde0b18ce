package app

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

const prometheusExamples = "../examples/prometheus/"

// The rules' own tests say when each alert fires; a real Prometheus scrapes the app by
// the example's configuration, and finds a site that is held.
func TestPrometheusScrapesAndJudgesByTheExamples(t *testing.T) {
	promtool := servers.Prometheus(t, "promtool")
	if out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", prometheusExamples+"pressrun.rules.test.yml").CombinedOutput(); err != nil {
		t.Errorf("promtool test rules: %v\n%s", err, out)
	}
	b := start(t, withMonitor)
	server := servers.StartPrometheus(t, exampleFor(t, promtool, b))
	ask := func(query string) string {
		resp, err := http.Get(server + "/api/v1/query?query=" + url.QueryEscape(query))
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		var answer struct {
			Data struct {
				Result []struct{ Value [2]any }
			}
		}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || len(answer.Data.Result) == 0 {
			return ""
		}
		value, _ := answer.Data.Result[0].Value[1].(string)
		return value
	}
	becomes := func(query, want string) {
		t.Helper()
		eventually.Holds(t, query+" is "+want, func() bool { return ask(query) == want })
	}
	becomes(`up{job="pressrun"}`, "1")
	becomes(`pressrun_site_state{site="www",state="ready"}`, "1")
	b.ask(t, release.FromEditor)
	b.run(t, b.job(t), release.Ready)
	becomes(`pressrun_releases_total{outcome="succeeded"}`, "1")
	becomes(`pressrun_live_release_number`, "1")
}

// exampleFor is the shipped configuration with the test's server and token, scraping
// without a long wait.
func exampleFor(t *testing.T, promtool string, b *bench) string {
	t.Helper()
	dir := t.TempDir()
	text, err := os.ReadFile(prometheusExamples + "prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer("127.0.0.1:8080", strings.TrimPrefix(b.url, "http://"), "/etc/prometheus/pressrun.token", filepath.Join(dir, "token"), "15s", "1s").Replace(string(text))
	rules, err := os.ReadFile(prometheusExamples + "pressrun.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"prometheus.yml": changed, "pressrun.rules.yml": string(rules), "token": monitorToken} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "prometheus.yml")
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "config", path).CombinedOutput(); err != nil {
		t.Fatalf("promtool check config: %v\n%s", err, out)
	}
	return path
}
