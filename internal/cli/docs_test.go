package cli_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

func TestDocsHaveEveryCommandAndExitCode(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
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
	for _, command := range parser.Model.Children {
		if !command.Hidden && !strings.Contains(doc, "`"+command.Name) {
			t.Errorf("docs/cli.md does not name %s", command.Name)
		}
	}
}
