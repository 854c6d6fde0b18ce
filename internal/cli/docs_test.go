package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

func TestDocsHaveEveryCommandAndExitCode(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := os.ReadFile("../../docs/action.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	table, _, _ := strings.Cut(strings.TrimPrefix(exit.Table, "Exit codes:\n"), "The codes of")
	if !strings.Contains(doc, "```\n"+table+"```") {
		t.Errorf("docs/cli.md has other exit codes than --help:\n%s", table)
	}
	parser, err := cli.NewParser(t.Context(), &terminal.Terminal{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Now: time.Now, Local: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("`([a-z][a-z -]*)").FindAllStringSubmatch(doc, -1) {
		words := strings.Fields(m[1])
		for n := range words {
			named[strings.Join(words[:n+1], " ")] = true
		}
	}
	for _, command := range parser.Model.Leaves(true) {
		name := command.Name
		for up := command.Parent; up != nil && up.Type == kong.CommandNode; up = up.Parent {
			name = up.Name + " " + name
		}
		if step, ok := strings.CutPrefix(name, "action "); ok && strings.Contains(string(steps), "`"+step+"`") {
			continue
		}
		if !named[name] {
			t.Errorf("docs/cli.md does not name %s", name)
		}
	}
}

// TestEveryCommandOfTheGuidesIsOne reads the commands that docs/cms tells people to type.
func TestEveryCommandOfTheGuidesIsOne(t *testing.T) {
	guides, err := filepath.Glob("../../docs/cms/*.md")
	if err != nil || len(guides) < 9 {
		t.Fatalf("%d guides, %v", len(guides), err)
	}
	commands := 0
	for _, guide := range guides {
		text, err := os.ReadFile(guide)
		if err != nil {
			t.Fatal(err)
		}
		in := false
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "```") {
				in = strings.HasPrefix(line, "```sh")
			}
			command, isOurs := strings.CutPrefix(line, "pressrun ")
			if !in || !isOurs {
				continue
			}
			commands++
			parser, err := cli.NewParser(t.Context(), &terminal.Terminal{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Now: time.Now, Local: time.UTC})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(typed(command)); err != nil {
				t.Errorf("%s: pressrun %s: %v", guide, strings.TrimSpace(command), err)
			}
		}
	}
	if commands < 30 {
		t.Errorf("only %d commands were found", commands)
	}
}

// typed are the arguments of a command of a guide, without the comment after it.
func typed(command string) []string {
	command, _, _ = strings.Cut(strings.TrimSpace(command), " #")
	command = strings.ReplaceAll(command, "$ADDRESS", "https://pressrun.example.gov/hooks/www/prh_secret")
	var args []string
	for i, part := range strings.Split(command, `"`) {
		if i%2 == 1 {
			args = append(args, part)
			continue
		}
		args = append(args, strings.Fields(part)...)
	}
	return args
}
