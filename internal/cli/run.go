package cli

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	runs "github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Run carries out a command line and returns the exit code. This is the one
// place that prints an error.
func Run(ctx context.Context, args []string, t *terminal.Terminal) int {
	err := execute(ctx, args, t)
	if text := message(err, args); text != "" {
		fmt.Fprintln(t.Err, text)
	}
	return exit.Code(err)
}

// execute parses a command line and runs its command.
func execute(ctx context.Context, args []string, t *terminal.Terminal) error {
	collect(atStart)
	command, err := parse(ctx, args, t)
	if err != nil || command == nil {
		return err
	}
	collect(garbageOf(command.Command()))
	err = command.Run()
	if strings.HasPrefix(command.Command(), "action ") {
		return ofAction(err)
	}
	return err
}

// atStart is how much garbage there may be, in percent of what is held, until the command
// line is read: some MB, and to collect them takes a quarter of the time of a start.
const atStart = 800

// garbageOf is the same of a command. A deploy holds the lists of its files for minutes and
// makes little garbage: to collect it twice as often as Go does by itself costs about 3 % of
// its processor time and saves a third of its memory. The server makes much and holds little.
// A bake and an export hold what they have read, and make as much again of each page.
func garbageOf(command string) (percent int) {
	name, _, _ := strings.Cut(command, " ")
	switch name {
	case "serve":
		return 100
	case "bake", "export":
		return 200
	}
	return 50
}

// collect sets how much garbage there may be, unless GOGC does.
func collect(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// ofAction gives an error of `pressrun action` that command's own exit code.
func ofAction(err error) error {
	if err == nil {
		return nil
	}
	return exit.With(runs.ExitCode(err), &actionError{err})
}

// actionError is an error of `pressrun action`.
type actionError struct{ error }

func (e *actionError) Unwrap() error { return e.error }
