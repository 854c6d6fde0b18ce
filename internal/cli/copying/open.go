// Package copying has the commands that copy a CMS's content, and serve the copy.
package copying

import (
	"context"
	"errors"
	"net/http"
	"os"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/internal/content/job"
	"github.com/pressrun/pressrun/internal/content/source"
)

// sourceFlags name a source and who asks it.
type sourceFlags struct {
	Source string `arg:"" help:"Address of the CMS, such as https://cms.example.gov, or a file of settings (docs/export.md)."`
	Kind   string `placeholder:"KIND" help:"What the CMS is: ${kinds}."`
	tokenFlags
}

// tokenFlags say who asks.
type tokenFlags struct {
	TokenFile string `type:"path" placeholder:"FILE" help:"File with the credential for the CMS. Or set PRESSRUN_CONTENT_TOKEN."`
}

// settings are those of the flags, or of the file that they name.
func (f sourceFlags) settings() (source.Settings, error) {
	s, err := job.Settings(f.Source, f.Kind, "--kind")
	return s, usage(err)
}

// usage is an error of what was set: nothing was asked or written yet.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return exit.With(exit.Usage, err)
}

// open makes the client that asks the source.
func (f tokenFlags) open(t *terminal.Terminal, s source.Settings, atOnce int) (source.Kind, *fetch.Client, error) {
	secret, err := job.Secret(s, f.TokenFile, os.Getenv(job.SecretVariable))
	if err != nil {
		return source.Kind{}, nil, usage(err)
	}
	kind, client, err := job.Client(s, job.ClientOptions{Secret: secret, AtOnce: atOnce, Agent: "pressrun/" + t.Version, Now: t.Now})
	return kind, client, usage(err)
}

// inCode gives an error of an export its exit code.
func inCode(err error) error {
	refused, answered := errors.AsType[*fetch.StatusError](err)
	_, guarded := errors.AsType[*export.GuardError](err)
	switch {
	case err == nil:
		return nil
	case guarded, errors.Is(err, export.ErrEndless), errors.Is(err, content.ErrNotAList):
		return exit.With(exit.Refused, err)
	case errors.Is(err, archive.ErrBusy):
		return exit.With(exit.Conflict, err)
	case answered && refused.Status >= http.StatusInternalServerError:
		return exit.With(exit.Unreachable, err)
	case answered:
		return exit.With(exit.OfStatus(refused.Status), err)
	}
	return err
}

// plan is what the settings say of an export.
func (f sourceFlags) plan(ctx context.Context, t *terminal.Terminal, s source.Settings, dir string, atOnce int) (export.Plan, *fetch.Client, error) {
	kind, client, err := f.open(t, s, atOnce)
	if err != nil {
		return export.Plan{}, nil, err
	}
	plan, err := job.Plan(ctx, kind, client, s, dir, t.Now)
	if err != nil {
		client.Close()
		return plan, nil, inCode(err)
	}
	return plan, client, nil
}
