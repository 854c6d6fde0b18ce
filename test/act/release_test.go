//go:build unix

package act

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/test/servers"
)

// TestTheReleaseIsRehearsed carries release.yml's job "programs" out for a tag, for one
// machine, with what signs and publishes replaced by stand-ins: as far as it goes
// without GitHub. It builds the program, so it is asked for: make rehearse-release.
func TestTheReleaseIsRehearsed(t *testing.T) {
	if os.Getenv("PRESSRUN_REHEARSE") == "" {
		t.Skip("builds the released program; make rehearse-release does it")
	}
	tool := servers.Tool(t, "act")
	for _, program := range []string{"git", "gzip", "node"} {
		if _, err := exec.LookPath(program); err != nil {
			servers.Missing(t, program, "tools/packages")
		}
	}
	r := &rig{t: t, tool: tool, home: t.TempDir()}
	dir := t.TempDir()
	r.git(dir, "clone", "-q", root(t), ".")
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "TARGETS=linux/amd64")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s %v: %v\n%s", name, args, err, out)
		}
	}
	out := t.TempDir()
	run("tools/release-programs", "0.0.1", out)
	run("tools/release-programs", "--write", "0.0.1", out)
	r.write(dir, map[string]string{"event.json": `{"ref": "refs/tags/v0.0.1"}`})
	r.git(dir, "add", "-A")
	r.git(dir, "-c", "user.name=test", "-c", "user.email=test@example.gov", "commit", "-q", "-m", "Release 0.0.1")
	r.git(dir, "tag", "v0.0.1")
	log, published, err := r.rehearse(dir)
	if err != nil || !strings.Contains(published, "release create v0.0.1") {
		t.Fatalf("it ended with %v, and published %q:\n%s", err, published, log)
	}
	for _, want := range []string{"--verify-tag", "dist/pressrun-linux-amd64 ", "dist/pressrun-linux-amd64.gz"} {
		if !strings.Contains(published+" ", want) {
			t.Errorf("it published %q, without %s", published, want)
		}
	}

	// Other bytes than those whose checksums are committed are not published.
	list := filepath.Join(dir, ".github", "action", "checksums.json")
	sums := regexp.MustCompile(`"linux-amd64": "[0-9a-f]{8}`).ReplaceAllString(read(t, list), `"linux-amd64": "00000000`)
	r.write(dir, map[string]string{".github/action/checksums.json": sums})
	r.git(dir, "add", "-A")
	r.git(dir, "-c", "user.name=test", "-c", "user.email=test@example.gov", "commit", "-q", "-m", "Other checksums")
	if log, published, err = r.rehearse(dir); err == nil || published != "" {
		t.Errorf("with other checksums it ended with %v, and published %q:\n%s", err, published, log)
	}
}

// rehearse runs the job by act, and gives its log and what gh was called with.
func (r *rig) rehearse(dir string) (log, published string, err error) {
	t := r.t
	t.Helper()
	bin, calls, none := t.TempDir(), filepath.Join(t.TempDir(), "calls"), r.noAction()
	if err := os.WriteFile(filepath.Join(bin, "gh"), []byte("#!/bin/sh\necho \"$*\" >> \""+calls+"\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"push", "-W", ".github/workflows/release.yml", "-j", "programs", "--eventpath", "event.json", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server",
		"--env", "TARGETS=linux/amd64", "--env", "GOCACHE=" + goEnv(t, "GOCACHE"), "--env", "GOMODCACHE=" + goEnv(t, "GOMODCACHE"),
		"--env", "GITHUB_REF_NAME=v0.0.1", "--secret", "GITHUB_TOKEN=none",
	}
	for _, match := range regexp.MustCompile(`uses: ([^ \n]+)`).FindAllStringSubmatch(read(t, filepath.Join(dir, ".github", "workflows", "release.yml")), -1) {
		if !strings.HasPrefix(match[1], "actions/checkout@") {
			args = append(args, "--local-repository", match[1]+"="+none)
		}
	}
	cmd := exec.Command(r.tool, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+r.home, "XDG_CACHE_HOME="+filepath.Join(r.home, "cache"), "PATH="+bin+":"+os.Getenv("PATH"))
	text := new(bytes.Buffer)
	cmd.Stdout, cmd.Stderr = text, text
	err = cmd.Run()
	called, _ := os.ReadFile(calls) // none when it was not called
	return text.String(), string(called), err
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
