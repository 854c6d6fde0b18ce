package main

import (
	"context"

	"github.com/pressrun/pressrun/action"
	"github.com/pressrun/pressrun/internal/runner/local"
)

// runLocalCmd is what the local runner starts for each run: it sees the run
// through, whatever becomes of the server.
type runLocalCmd struct {
	Folder string `arg:"" help:"The run's folder."`
}

// Run carries a run out.
func (c *runLocalCmd) Run(ctx context.Context) error { return local.Supervise(ctx, c.Folder) }

// streams are the terminal as package action wants it.
func streams(t *terminal) action.Streams { return action.Streams{Out: t.out, Err: t.err} }

// ofAction gives an error of `pressrun action` that command's own exit code.
func ofAction(err error) error {
	if err == nil {
		return nil
	}
	return withCode(action.ExitCode(err), &actionError{err})
}

// actionError is an error of `pressrun action`.
type actionError struct{ error }

func (e *actionError) Unwrap() error { return e.error }
