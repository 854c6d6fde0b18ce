package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

func TestDocsHaveEveryCommandAndExitCode(t *testing.T) {
	text, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(text)
	table, _, _ := strings.Cut(strings.TrimPrefix(exitTable, "Exit codes:\n"), "The codes of")
	if !strings.Contains(doc, "```\n"+table+"```") {
		t.Errorf("docs/cli.md has other exit codes than --help:\n%s", table)
	}
	parser, err := newParser(t.Context(), &terminal{out: &bytes.Buffer{}, err: &bytes.Buffer{}, now: time.Now, local: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range parser.Model.Children {
		if !command.Hidden && !strings.Contains(doc, "`"+command.Name) {
			t.Errorf("docs/cli.md does not name %s", command.Name)
		}
	}
}
