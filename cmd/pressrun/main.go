// Command pressrun publishes a CMS to a static site: the server, what happens
// inside a run, and the operator's commands, in one program.
package main

import (
	"context"
	"fmt"
	"os"
)

// version is set by the linker; see the Makefile.
var version string

func main() {
	t := newTerminal()
	ctx, stop := interruptible(os.Args[1:], t)
	code := run(ctx, os.Args[1:], t)
	stop()
	os.Exit(code)
}

// run carries out a command line. This is the one place that tells of an error
// and turns it into an exit code.
func run(ctx context.Context, args []string, t *terminal) int {
	err := execute(ctx, args, t)
	code := exitCode(err)
	if text := tell(err, args); text != "" {
		fmt.Fprintln(t.err, text)
	}
	return code
}
