// Command pressrun publishes a CMS to a static site: the server, what happens
// inside a run, and the operator's commands, in one program.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// version is set by the linker; see the Makefile.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], newTerminal())
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
