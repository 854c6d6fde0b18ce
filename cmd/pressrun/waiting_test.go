package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/test/servers"
)

// TestAStoreThatRefusesIsSaidToBeWaitedFor within seconds, in a line on standard
// error, where neither is a terminal.
func TestAStoreThatRefusesIsSaidToBeWaitedFor(t *testing.T) {
	endpoint := "http://" + servers.FreeAddress(t)
	build := t.TempDir()
	if err := os.WriteFile(filepath.Join(build, "index.html"), []byte("<p>hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"audit":             {"audit", "s3://www", "--json"},
		"releases":          {"releases", "list", "s3://www", "--json"},
		"rollback":          {"rollback", "s3://www"},
		"invalidate":        {"invalidate", "s3://www", "--cdn", "webhook:http://127.0.0.1:9", "--public-url", "https://www.example.org"},
		"deploy":            {"deploy", build, "s3://www", "--json"},
		"deploy, as events": {"deploy", build, "s3://www", "--progress", "json"},
		"a run":             {"action", "deploy", "--output", ".", "--dir", build, "--to", "s3://www", "--json", "--state-file", filepath.Join(t.TempDir(), "run.json")},
		"plan":              {"plan", build, "s3://www", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, out, _ := start(t, t.TempDir(), args...)
			cmd.Env = append(cmd.Env, "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=s", "AWS_REGION=us-east-1", "PRESSRUN_S3_ENDPOINT="+endpoint)
			cmd.Stderr = nil
			errs, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			text := readUntil(t, errs, "it refuses connections")
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			rest, err := io.ReadAll(errs)
			if err != nil {
				t.Fatal(err)
			}
			text += string(rest)
			_ = cmd.Wait() // interrupted, as meant
			if code := cmd.ProcessState.ExitCode(); code != exit.Interrupted || strings.Count(text, endpoint) != 1 {
				t.Errorf("exit code %d, and said:\n%s", code, text)
			}
			if name != "a run" && out.Len() > 0 {
				t.Errorf("on standard output: %s", out)
			}
			if name != "deploy, as events" {
				if !strings.Contains(text, "pressrun: waiting for the store at "+endpoint+": it refuses connections; trying until about ") {
					t.Errorf("said: %s", text)
				}
				return
			}
			var event struct {
				Store string
				Until time.Time
			}
			line, _, _ := strings.Cut(text[strings.Index(text, `{"event":"waiting"`):], "\n")
			if err := json.Unmarshal([]byte(line), &event); err != nil || event.Store != endpoint || time.Until(event.Until) > time.Minute || time.Until(event.Until) < 0 {
				t.Errorf("%v: %s", err, line)
			}
		})
	}
}
