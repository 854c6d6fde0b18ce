package replicas

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/config"
)

// loaded is a configuration as an app reads it.
func loaded(t *testing.T, more string) config.Config {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "pressrun.yaml")
	text := "state: " + filepath.Join(dir, "state") + `
url: https://pressrun.example.gov
tokens: [{name: ops, role: operator, sha256: "` + auth.HashToken("an operator's token") + `"}]
sites:
  www:
    runner: local
    source: {folder: /srv/www}
    build: {command: make, output: public}
    deploy: {to: /srv/site}
` + more
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	return *c
}

func TestReplicasAreAlikeWhereverTheyKeepTheirFiles(t *testing.T) {
	self := func(more string) string {
		t.Helper()
		r, err := Self(loaded(t, more), "v1")
		if err != nil {
			t.Fatal(err)
		}
		return r.Config
	}
	alike := self("listen: 127.0.0.1:1\nledger: postgres://a/b\n")
	if other := self("listen: 127.0.0.1:2\nledger: postgres://c/d\n"); other != alike {
		t.Error("two that differ in their folders and addresses alone are told to have other configurations")
	}
	if other := self("keep: {days: 90}\n"); other == alike {
		t.Error("two that keep history for other times are told to be configured alike")
	}
}
