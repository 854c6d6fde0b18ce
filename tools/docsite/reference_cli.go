package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// commands is a page of all commands, made of the grammar that --help reads too.
func commands() ([]byte, error) {
	parser, err := cli.NewParser(context.Background(), &terminal.Terminal{Out: io.Discard, Err: io.Discard, Now: time.Now, Local: time.UTC})
	if err != nil {
		return nil, fmt.Errorf("read the grammar: %w", err)
	}
	var b strings.Builder
	b.WriteString("# All commands\n\nMade of the grammar that `pressrun --help` prints. [cli.md](../cli.md) explains.\n")
	group := ""
	for _, command := range parser.Model.Leaves(true) {
		if of := groupOf(command); of != group {
			group = of
			fmt.Fprintf(&b, "\n## %s\n", strings.TrimSuffix(group, ":"))
		}
		describeCommand(&b, command)
	}
	fmt.Fprintf(&b, "\n## Exit codes\n\n```\n%s\n```\n", exit.Table)
	return []byte(b.String()), nil
}

func groupOf(command *kong.Node) string {
	for at := command; at != nil; at = at.Parent {
		if at.Group != nil {
			return at.Group.Title
		}
	}
	return "Others"
}

func describeCommand(b *strings.Builder, command *kong.Node) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", commandName(command), cell(command.Help))
	usage := commandName(command)
	for _, p := range command.Positional {
		usage += " " + p.Summary()
	}
	fmt.Fprintf(b, "\n```\n%s [flags]\n```\n", usage)
	if command.Detail != "" {
		fmt.Fprintf(b, "\n```\n%s\n```\n", strings.TrimSpace(command.Detail))
	}
	b.WriteString("\n| argument or flag | what it is |\n|---|---|\n")
	for _, p := range command.Positional {
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(p.Summary()), cell(p.Help))
	}
	for _, flags := range command.AllFlags(true) {
		for _, flag := range flags {
			name := "--" + flag.Name
			if !flag.IsBool() && !flag.IsCounter() {
				name += "=" + flag.FormatPlaceHolder()
			}
			fmt.Fprintf(b, "| `%s` | %s |\n", strings.ReplaceAll(name, "|", "\\|"), cell(flag.Help))
		}
	}
}

// commandName is the command as it is typed: pressrun config check.
func commandName(command *kong.Node) string {
	name := command.Name
	for up := command.Parent; up != nil; up = up.Parent {
		name = up.Name + " " + name
	}
	return name
}
