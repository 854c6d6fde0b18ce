package serve

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/frontend"
)

// Detect shows how a frontend is built.
type Detect struct {
	Dir  string `arg:"" optional:"" default:"." placeholder:"DIR" help:"The frontend's folder (default: this one)."`
	JSON bool   `name:"json" help:"Print JSON."`
}

// Help has the examples.
func (Detect) Help() string {
	return `Says which package manager, versions, command and output folder the shipped workflow takes for a frontend, and by which of its files. It runs nothing of it. Ends with 1 when the files do not tell, or tell two things.

Examples:

  pressrun detect
  pressrun detect website --json`
}

// Run looks at the folder.
func (c *Detect) Run(t *terminal.Terminal) error {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return exit.With(exit.Usage, fmt.Errorf("there is no folder %s", c.Dir))
	}
	p, err := frontend.Detect(os.DirFS(c.Dir))
	if err != nil {
		return exit.With(exit.Failed, err)
	}
	out := &terminal.Printer{Out: t.Out}
	if c.JSON {
		return out.Document(p)
	}
	rows := [][]string{}
	for _, row := range [][2]string{
		{"generator", strings.TrimSpace(p.Generator + " " + p.GeneratorVersion)},
		{"package manager", p.PackageManager},
		{"installed first", p.Tool},
		{"Node", p.Node},
		{"Ruby", p.Ruby},
		{"install", p.Install},
		{"build", p.Build},
		{"output", p.Output},
	} {
		if row[1] != "" {
			rows = append(rows, row[:])
		}
	}
	err = out.Table(rows)
	for _, why := range p.Why {
		_, printed := fmt.Fprintln(t.Out, "  "+why)
		err = errors.Join(err, printed)
	}
	return err
}
