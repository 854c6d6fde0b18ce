package cli

import (
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/cli/completion"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// completionCmd prints a shell's completion script.
type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Help has the examples.
func (completionCmd) Help() string {
	return `The script asks this program, so it knows the commands and flags of the version that is installed.

Examples:

  source <(pressrun completion bash)       # in ~/.bashrc; zsh alike, in ~/.zshrc
  pressrun completion fish > ~/.config/fish/completions/pressrun.fish`
}

// Run prints the script.
func (c *completionCmd) Run(t *terminal.Terminal) error {
	script, err := completion.Script(c.Shell)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(t.Out, script)
	return err
}

// completeCmd prints the words that may come next, for the completion scripts.
type completeCmd struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

// Run prints the words, each with its help.
func (c *completeCmd) Run(kctx *kong.Context, t *terminal.Terminal) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	for _, w := range completion.Words(kctx.Model.Node, words) {
		if _, err := fmt.Fprintf(t.Out, "%s\t%s\n", w.Word, text.OneLine(w.Text)); err != nil {
			return err
		}
	}
	return nil
}
