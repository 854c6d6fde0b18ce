package docs

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// patience bounds a whole page: a command that waits for ever ends the test.
const patience = 4 * time.Minute

// play is how a page is carried out: its blocks in their order, in one shell, in a new
// home that is empty.
type play struct {
	page string
	// before is what the page supposes, as commands, and replaced what it names
	// that is of no test's.
	before   string
	replaced map[string]string
}

// aServer is what pages suppose that are not about setting up: a site, an app that
// serves it, and a systemd that starts it again.
const aServer = `
mkdir source && echo '<h1>Hello</h1>' > source/index.html
pressrun init --kind folder --site www --source source --output public --to live \
  --build 'mkdir -p public && cp index.html public/' --listen 127.0.0.1:8080 --save-token operator.token
serve() { pressrun serve 2>> serve.log & until pressrun health > /dev/null 2>&1; do sleep 0.1; done; }
systemctl() { kill $!; wait; serve; }
export PRESSRUN_URL=http://127.0.0.1:8080 PRESSRUN_TOKEN="$(cat operator.token)"
`

// someHooks are those that docs/hooks.md speaks of.
const someHooks = `
cat >> pressrun.yaml <<'END'
    hooks:
      - {name: cms, dialect: drupal, secret_env: PRESSRUN_DRUPAL_SECRET}
      - {name: blog, dialect: ghost, secret_file: ghost.secret}
END
export PRESSRUN_DRUPAL_SECRET=thesecretofdrupalinthistest
(umask 077; echo thesecretofghostinthistest > ghost.secret)
echo '{"event":"node.update","type":"page","id":"12","title":"Hours","status":"published"}' > body.json
serve
ADDRESS=$(pressrun hook new www blog | grep -o 'http://127.0.0.1:[0-9]*/hooks/www/[^ ]*')
`

// TestThePagesWorkAsTheyStand runs each command of the pages that lead through
// something, but for the blocks that say why they are not run.
func TestThePagesWorkAsTheyStand(t *testing.T) {
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	servers.Tool(t, "bash")
	servers.Tool(t, "jq")
	servers.Tool(t, "curl")
	for _, p := range []play{
		{page: "running.md"},
		{page: "tutorial.md"},
		{page: "previews.md"},
		{page: "many-sites.md"},
		{page: "hooks.md", before: aServer + someHooks},
		{page: "runbook.md", before: aServer + "serve\npressrun request --site www --wait\n"},
		{page: "cli.md", before: aServer + "serve\nnotify-somebody() { echo somebody was told; }\n", replaced: map[string]string{
			"https://pressrun.example.gov": "http://127.0.0.1:8080", "/var/backups": "$HOME",
		}},
		{page: "api.md", before: aServer + "serve\nTOKEN=$PRESSRUN_TOKEN\n", replaced: map[string]string{
			"https://pressrun.example.gov": "http://127.0.0.1:8080", "curl -X": "curl -fsS -X",
		}},
	} {
		t.Run(p.page, func(t *testing.T) {
			t.Parallel()
			p.run(t, binary)
		})
	}
}

func (p play) run(t *testing.T, binary string) {
	t.Helper()
	home, err := os.MkdirTemp("", "pressrun-docs-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { eventually.Succeeds(t, "the last words of a run", func() error { return os.RemoveAll(home) }) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-s")
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + filepath.Dir(binary) + ":/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"}
	cmd.Stdin = strings.NewReader(p.script(t, servers.FreeAddress(t)))
	// All that the page starts is ended with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if testing.Verbose() {
		t.Logf("%s", out)
	}
}

// script is the page as a shell reads it: what it says of itself goes before each
// block, so that a failure has its place.
func (p play) script(t *testing.T, address string) string {
	t.Helper()
	s := "set -euo pipefail\ntrap 'for job in $(jobs -p); do kill $job; done 2>/dev/null || true' EXIT\n" + p.before
	run := 0
	for _, b := range blocksOf(t, p.page) {
		if b.language != "sh" || b.notRun != "" {
			continue
		}
		run++
		s += fmt.Sprintf("echo '--- docs/%s:%d'\n%s", p.page, b.line, b.text)
	}
	if run == 0 {
		t.Fatalf("docs/%s has nothing to run", p.page)
	}
	for from, to := range p.replaced {
		s = strings.ReplaceAll(s, from, to)
	}
	return strings.ReplaceAll(s, "127.0.0.1:8080", address)
}

// A page that leads through something runs all its commands, or says why not.
func TestWhatIsNotRunSaysHowElseItIsSeen(t *testing.T) {
	for _, b := range blocksOf(t, "running.md") {
		if b.language == "sh" && b.notRun == "" && strings.Contains(b.text, "sudo ") {
			t.Errorf("docs/running.md:%d: wants root, and does not say that no test runs it", b.line)
		}
	}
}
