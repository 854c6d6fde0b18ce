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
// place that tells of an error.
func Run(ctx context.Context, args []string, t *terminal.Terminal) int {
	err := execute(ctx, args, t)
	if text := tell(err, args); text != "" {
		fmt.Fprintln(t.Err, text)
	}
	return exit.Code(err)
}

// execute parses a command line and runs its command.
func execute(ctx context.Context, args []string, t *terminal.Terminal) error {
	command, err := parse(ctx, args, t)
	if err != nil || command == nil {
		return err
	}
	saveMemory(command.Command())
	err = command.Run()
	if strings.HasPrefix(command.Command(), "action ") {
		return ofAction(err)
	}
	return err
}

// saveMemory collects garbage twice as often as Go does by itself, unless GOGC
// says otherwise: a deploy holds the lists of its files for minutes and makes
// little garbage, so it costs about 3 % of its processor time and saves a third
// of its memory. The server is not among those: it makes much and holds little.
func saveMemory(command string) {
	if command != "serve" && os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
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
