//go:build unix

package e2e

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
)

// TestAFolderOfSitesIsTakenWhileTheAppRuns is an agency's day: a folder with a group, a new
// site that the app sees by itself, a slip of the pen in another one, and a signal.
func TestAFolderOfSitesIsTakenWhileTheAppRuns(t *testing.T) {
	s := configure(t, stateFolder(t), "www", map[string]any{})
	folder, live, state := filepath.Dir(s.file), t.TempDir(), stateFolder(t)
	main := fmt.Sprintf("listen: %s\nurl: %s\nstate: %s\ntokens: [{name: test, role: operator, sha256: %x}]\n", strings.TrimPrefix(s.url, "http://"), s.url, state, sha256.Sum256([]byte(operatorToken)))
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	source := func(site string) {
		t.Helper()
		write("frontends/"+site+"/public/index.html", "<!doctype html><title>"+site+"</title><p>Welcome to "+site)
	}
	write("pressrun.yaml", main)
	write("groups/library.yaml", "runner: local\nquiet: 0s\nsource: {folder: 'frontends/{site}'}\nbuild: {output: public}\ndeploy: {to: '"+live+"/{site}'}\n")
	for _, site := range []string{"www", "east", "west"} {
		source(site)
		write("sites/"+site+".yaml", "group: library\n")
	}
	write("sites/broken.yaml", "group: library\ncolour: red\n")
	s.file = folder
	s.start(t)

	out, err := exec.Command(build(t, program.Main), "config", "check", folder).CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 2 || !strings.Contains(string(out), "sites/broken.yaml:2:1: sites.broken.colour: unknown key") {
		t.Errorf("config check: %v\n%s", err, out)
	}
	if said := s.output.String(); !strings.Contains(said, "sites.broken.colour: unknown key") {
		t.Errorf("the log does not tell of the mistake:\n%s", said)
	}
	s.release(t, "www", api.RequestInput{Source: release.FromEditor, Actor: "Ada"})
	if got, err := os.ReadFile(filepath.Join(live, "www", "index.html")); err != nil || !strings.Contains(string(got), "Welcome to www") {
		t.Errorf("live is %q, %v", got, err)
	}

	// A site is added, and the app sees it; one is removed, and one gets a mistake.
	source("north")
	write("sites/north.yaml", "group: library\n")
	write("sites/east.yaml", "group: library\nquiet: soon\n")
	if err := os.Remove(filepath.Join(folder, "sites/west.yaml")); err != nil {
		t.Fatal(err)
	}
	conditions := func() map[string]string {
		t.Helper()
		all, err := s.client.Sites(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		is := map[string]string{}
		for _, one := range all {
			is[one.Name] = one.Condition
		}
		return is
	}
	eventually.Holds(t, "the new files to be taken", func() bool {
		return fmt.Sprint(conditions()) == "map[broken:misconfigured east:misconfigured north: www:]"
	})
	s.release(t, "north", api.RequestInput{Source: release.FromEditor, Actor: "Ada"})
	waits, err := s.client.Ask(t.Context(), "east", "", api.RequestInput{Source: release.FromEditor, Actor: "Ada"})
	if err != nil {
		t.Fatalf("a site with a mistake keeps requests: %v", err)
	}

	// The mistake is mended, and a signal has that taken at once.
	write("sites/east.yaml", "group: library\n")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	s.live(t, waits.ID)

	// The main file gets a mistake: the app goes on, and says so.
	write("pressrun.yaml", "listen: [")
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "the mistake to be told", func() bool { return strings.Contains(s.output.String(), "the configuration is not taken") })
	s.release(t, "www", api.RequestInput{Source: release.FromEditor, Actor: "Ada"})
	write("pressrun.yaml", main)
}
