package cli_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Every command's help, by walking the grammar: a new command has a file too.
func TestHelp(t *testing.T) {
	parser, err := cli.NewParser(t.Context(), &terminal.Terminal{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Now: time.Now, Local: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	commands := [][]string{{}}
	for _, leaf := range parser.Model.Leaves(true) {
		commands = append(commands, strings.Fields(leaf.FullPath())[1:])
	}
	if len(commands) < 20 {
		t.Fatalf("found %d commands", len(commands))
	}
	for _, command := range commands {
		if len(command) > 0 && command[0] == "action" {
			continue // package action tests its own
		}
		name := "help" + strings.Join(append([]string{""}, command...), "-")
		t.Run(name, func(t *testing.T) {
			var names []string
			for _, word := range command {
				if !strings.ContainsAny(word, "<[") {
					names = append(names, word)
				}
			}
			args := append(names, "--help")
			o := clitest.Run(t, clitest.Invocation{Args: args})
			if o.Code != 0 || o.Err != "" {
				t.Errorf("ended with %d: %s", o.Code, o.Err)
			}
			if len(command) > 0 && !strings.Contains(o.Out, "Example") {
				t.Errorf("the help of %v has no example", names)
			}
			clitest.Golden(t, name, o.Text(args, nil))
		})
	}
	o := clitest.Run(t, clitest.Invocation{})
	if want := clitest.Run(t, clitest.Invocation{Args: []string{"--help"}}); o != want {
		t.Error("without a command the help is shown")
	}
}

func TestACommandLineThatIsNotUnderstood(t *testing.T) {
	for _, c := range []struct{ name, args string }{
		{name: "usage-unknown", args: "publish"},
		{name: "usage-unknown-json", args: "status|--jsn|--json"},
	} {
		args := strings.Split(c.args, "|")
		clitest.Golden(t, c.name, clitest.Run(t, clitest.Invocation{Args: args}).Text(args, nil))
	}
}
