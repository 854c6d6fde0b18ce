// Command pressrun publishes a CMS to a static site: the server, what happens
// inside a run, and the operator's commands, in one program.
package main

import (
	"os"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// version is set by the linker; see the Makefile.
var version string

func main() {
	args := os.Args[1:]
	t := terminal.New()
	t.Version = cli.Version(version)
	ctx, stop := terminal.Interruptible(args, t)
	code := cli.Run(ctx, args, t)
	stop()
	os.Exit(code)
}
