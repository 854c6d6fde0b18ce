//go:build unix

package action_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/environ"
)

// TestTheStoresAddressHasOneNameInAllCommands and the one that runs alone once
// read is read still, with a notice in the run's log.
func TestTheStoresAddressHasOneNameInAllCommands(t *testing.T) {
	const to, other = "http://127.0.0.1:7070", "http://127.0.0.1:7071"
	for name, c := range map[string]struct {
		env    map[string]string
		args   []string
		want   string
		notice bool
	}{
		"the name":              {env: map[string]string{"PRESSRUN_S3_ENDPOINT": to}, want: to},
		"the old name":          {env: map[string]string{"PRESSRUN_ENDPOINT": " " + to}, want: to, notice: true},
		"both":                  {env: map[string]string{"PRESSRUN_S3_ENDPOINT": to, "PRESSRUN_ENDPOINT": other}, want: to},
		"the input":             {env: map[string]string{"INPUT_ENDPOINT": to}, want: to},
		"the name and an input": {env: map[string]string{"PRESSRUN_S3_ENDPOINT": to, "INPUT_ENDPOINT": other}, want: to},
		"the flag":              {env: map[string]string{"PRESSRUN_ENDPOINT": other}, args: []string{"--endpoint", to}, want: to},
		"none":                  {},
	} {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"PRESSRUN_S3_ENDPOINT", "PRESSRUN_ENDPOINT", "INPUT_ENDPOINT"} {
				t.Setenv(variable, c.env[variable])
			}
			p, _, err := parse(t, append([]string{"check"}, c.args...)...)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Action.Check.Endpoint; got != c.want {
				t.Errorf("endpoint %q, want %q", got, c.want)
			}
			b := newBench(t, "mkdir -p public && env > public/index.html")
			b.opts.Endpoint, b.opts.Environ = p.Action.Check.Endpoint, append(b.opts.Environ, os.Environ()...)
			b.wantExit(b.run("build"), failure.ExitOK)
			if said := strings.Contains(b.err.String(), "PRESSRUN_ENDPOINT is called PRESSRUN_S3_ENDPOINT now"); said != c.notice {
				t.Errorf("notice %v, want %v:\n%s", said, c.notice, b.err)
			}
			seen, err := os.ReadFile(filepath.Join(b.dir, "public", "index.html"))
			if err != nil || strings.Contains(string(seen), "ENDPOINT=") {
				t.Errorf("the build sees the store's address (%v):\n%s", err, seen)
			}
		})
	}
	for _, variable := range []string{"PRESSRUN_S3_ENDPOINT", "PRESSRUN_ENDPOINT"} {
		if !environ.KeptFromBuilds(variable) {
			t.Errorf("builds see %s", variable)
		}
	}
}
