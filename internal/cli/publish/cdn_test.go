package publish_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
)

// TestTheCDNIsToldByEveryCommandThatPublishes: and what it could not be told
// ends with a code of its own, is kept, and is resumed.
func TestTheCDNIsToldByEveryCommandThatPublishes(t *testing.T) {
	var away atomic.Bool
	var told []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var message struct {
			Data struct {
				All    bool     `json:"all"`
				Paths  []string `json:"paths"`
				Starts []string `json:"prefixes"`
			} `json:"data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			t.Error(err)
		}
		if away.Load() {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if message.Data.All {
			message.Data.Paths = []string{"everything"}
		}
		for _, start := range message.Data.Starts {
			message.Data.Paths = append(message.Data.Paths, start+"*")
		}
		told = append(told, strings.Join(message.Data.Paths, " "))
	}))
	defer server.Close()
	build, www := filepath.Join(t.TempDir(), "build"), filepath.Join(t.TempDir(), "www")
	to, plan := "file://"+www, filepath.Join(t.TempDir(), "plan.json")
	write := func(name, body string) func() {
		return func() {
			t.Helper()
			if err := os.MkdirAll(build, 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(build, name), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	write("index.html", "one")()
	write("a.html", "one")()
	cdn := []string{"--cdn", "webhook:" + server.URL, "--public-url", "https://www.example.org"}
	for _, step := range []struct {
		name   string
		before func()
		args   []string
		code   int
		want   string
		told   string
	}{
		{name: "a CDN that is none", args: []string{"deploy", build, to, "--cdn", "akamai:1"}, code: exit.Usage, want: "is not known"},
		{name: "a store that is none", args: []string{"deploy", build, to, "--redirect-store", "E1"}, code: exit.Usage, want: "is not written as arn:aws:cloudfront::"},
		{name: "the function", args: []string{"cdn", "function"}, want: "const index = false;"},
		{name: "with index pages", args: []string{"cdn", "function", "--index"}, want: "const index = true;"},
		{name: "a dry run", args: append([]string{"deploy", build, to, "--dry-run"}, cdn...), want: "nothing to purge"},
		{name: "the first release", args: append([]string{"deploy", build, to, "--site", "www"}, cdn...), want: "purge everything", told: "everything"},
		{name: "nothing changed", args: append([]string{"deploy", build, to}, cdn...), want: "holds nothing that changed"},
		{name: "nothing to resume", args: append([]string{"invalidate", to, "--resume"}, cdn...), want: "nothing is pending: webhook:"},
		{name: "not both", args: append([]string{"invalidate", to, "--resume", "--all"}, cdn...), code: exit.Usage, want: "--resume"},
		{name: "a page with two addresses", before: write("a.html", "two"), args: append([]string{"deploy", build, to, "--clean-urls", "--json"}, cdn...), want: `"cdn": {`, told: "/a*"},
		{name: "back", args: append([]string{"rollback", to}, cdn...), want: "purge 1 path for 1 stale file", told: "/a.html"},
		{name: "a plan", args: append([]string{"plan", build, to, "--site", "www", "--out", plan}, cdn...), want: "at the CDN"},
		{name: "carried out", args: []string{"apply", plan}, want: "is live", told: "/a.html"},
		{name: "a new page, whose absence is cached", before: write("b.html", "one"), args: append([]string{"deploy", build, to, "--not-found-cached"}, cdn...), want: "purge 1 path", told: "/b.html"},
		{name: "away", before: func() { away.Store(true); write("a.html", "three")() }, args: append([]string{"deploy", build, to}, cdn...), code: exit.CDNPending, want: "live at the origin"},
		{name: "still away", args: append([]string{"invalidate", to, "--resume"}, cdn...), code: exit.CDNPending, want: "invalidate --resume finishes it"},
		{name: "another CDN's", args: []string{"invalidate", to, "--resume", "--cdn", "fastly:X"}, code: exit.Usage, want: "FASTLY_API_TOKEN"},
		{name: "yet another's", args: []string{"invalidate", to, "--resume", "--cdn", "varnish:http://127.0.0.1:9", "--public-url", "https://www.example.org"}, code: exit.Conflict, want: "leave --resume out"},
		{name: "resumed", before: func() { away.Store(false) }, args: append([]string{"invalidate", to, "--resume"}, cdn...), want: "finishing what was begun", told: "/a.html"},
		{name: "and done", args: append([]string{"invalidate", to, "--resume", "--json"}, cdn...), want: `"method": "nothing"`},
	} {
		if step.before != nil {
			step.before()
		}
		told = nil
		o := clitest.Run(t, clitest.Invocation{Args: step.args})
		if o.Code != step.code || !strings.Contains(o.Out+o.Err, step.want) {
			t.Fatalf("%s: exit code %d, want %d and %q:\n%s%s", step.name, o.Code, step.code, step.want, o.Out, o.Err)
		}
		slices.Sort(told)
		if got := strings.Join(told, ", "); got != step.told {
			t.Fatalf("%s: the CDN was told %q, want %q", step.name, got, step.told)
		}
	}
}
