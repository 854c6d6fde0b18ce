//go:build unix

package completion_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/completion"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/test/program"
	"github.com/pressrun/pressrun/test/servers"
)

// offered are the words that may come next, as the scripts are given them.
func offered(t *testing.T, line ...string) []string {
	t.Helper()
	var out bytes.Buffer
	code := cli.Run(t.Context(), append([]string{"complete", "--"}, line...), &terminal.Terminal{Out: &out, Err: &out, Now: time.Now, Local: time.UTC})
	if code != 0 {
		t.Fatalf("complete %q ended with %d: %s", line, code, out.String())
	}
	var words []string
	for l := range strings.Lines(out.String()) {
		word, _, _ := strings.Cut(strings.TrimSuffix(l, "\n"), "\t")
		words = append(words, word)
	}
	return words
}

func TestWordsThatMayComeNext(t *testing.T) {
	files := []string{completion.Files}
	for _, c := range []struct {
		name  string
		line  []string
		want  []string // all of them, when exact
		some  []string
		never []string
	}{
		{name: "a command", line: []string{"sta"}, want: []string{"status"}},
		{name: "every command", line: []string{""}, some: []string{"serve", "request", "deploy"}, never: []string{"run-local", "complete", "--help"}},
		{name: "below a command", line: []string{"config", ""}, want: []string{"check", "schema"}},
		{name: "a flag", line: []string{"status", "--wa"}, want: []string{"--watch"}},
		{name: "behind a flag's value", line: []string{"status", "--site", "www", "--wa"}, want: []string{"--watch"}},
		{name: "a flag's value that looks like a command", line: []string{"status", "--site", "config", "--wa"}, want: []string{"--watch"}},
		{name: "a value that is one of a few", line: []string{"token", "new", "ada", "--role", ""}, want: []string{"cms", "run", "editor", "operator", "monitor"}},
		{name: "the same behind =", line: []string{"token", "new", "--role=e"}, want: []string{"--role=editor"}},
		{name: "the same as bash parts it", line: []string{"token", "new", "--role", "=", "e"}, want: []string{"editor"}},
		{name: "the same before its first letter", line: []string{"token", "new", "--role", "="}, want: []string{"cms", "run", "editor", "operator", "monitor"}},
		{name: "a value that nobody knows", line: []string{"status", "--site", ""}, want: nil},
		{name: "a file", line: []string{"status", "--token-file", ""}, want: files},
		{name: "an argument that is a file", line: []string{"config", "check", ""}, want: files},
		{name: "an argument too many", line: []string{"config", "check", "a.yaml", ""}, want: nil},
		{name: "an argument that is one of a few", line: []string{"completion", ""}, want: []string{"bash", "zsh", "fish"}},
		{name: "nothing like it", line: []string{"xyz"}, want: nil},
		{name: "an unknown flag's value", line: []string{"status", "--nothing=x"}, want: nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := offered(t, c.line...)
			if c.some == nil && !slices.Equal(got, c.want) {
				t.Errorf("%q: offered %q, expected %q", c.line, got, c.want)
			}
			for _, word := range c.some {
				if !slices.Contains(got, word) {
					t.Errorf("%q: no %q in %q", c.line, word, got)
				}
			}
			for _, word := range c.never {
				if slices.Contains(got, word) {
					t.Errorf("%q: %q is in %q", c.line, word, got)
				}
			}
		})
	}
}

// TestShellsComplete gives the scripts to the shells themselves.
func TestShellsComplete(t *testing.T) {
	binary, err := program.Build(t.Context(), program.Main)
	if err != nil {
		t.Fatal(err)
	}
	for shell, script := range map[string]string{
		"bash": `source <(pressrun completion bash) && COMP_WORDS=(pressrun token new ada --role e) COMP_CWORD=5 && _pressrun && printf '%s\n' "${COMPREPLY[@]}"`,
		// zsh's own completion needs a screen; these stand for the functions that show what was found.
		"zsh":  `compdef() { : }; _files() { : }; _describe() { print -l -- "${(@)${(@P)3}%%:*}" }; source <(pressrun completion zsh); words=(pressrun token new ada --role e) CURRENT=6; _pressrun`,
		"fish": `pressrun completion fish | source; complete -C 'pressrun token new ada --role e'`,
	} {
		t.Run(shell, func(t *testing.T) {
			file := servers.Tool(t, shell)
			args := map[string][]string{"bash": {"--norc"}, "zsh": {"-f"}, "fish": {"--no-config"}}[shell]
			cmd := exec.CommandContext(t.Context(), file, append(args, "-c", script)...)
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), fmt.Sprintf("PATH=%s:%s", filepath.Dir(binary), os.Getenv("PATH")))
			out, err := cmd.CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "editor" {
				t.Errorf("%v: %q, expected editor", err, out)
			}
		})
	}
}

func TestThereIsNoScriptForOtherShells(t *testing.T) {
	if _, err := completion.Script("../../etc/passwd"); err == nil {
		t.Error("no error")
	}
}
