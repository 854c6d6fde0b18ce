package demo

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/demo/frontend"
	"github.com/pressrun/pressrun/internal/text"
)

// Build is the build command of the demo's site: its frontend, which
// fetches the content from the CMS as the environment says.
type Build struct {
	Out string `required:"" help:"Folder to write."`
}

// Run builds the site.
func (c *Build) Run(ctx context.Context, t *terminal.Terminal) error {
	opts := frontend.OptionsFromEnv(os.Getenv)
	opts.Out, opts.Log = c.Out, slog.New(slog.NewTextHandler(t.Err, nil))
	built, err := frontend.Build(ctx, opts)
	if err != nil {
		return fmt.Errorf("build the demo's site: %w", err)
	}
	for _, warning := range built.Warnings {
		fmt.Fprintln(t.Out, "warning:", text.OneLine(warning))
	}
	_, err = fmt.Fprintf(t.Out, "Built %s of %s into %s.\n", text.Count(built.Pages, "page"), text.Count(built.Articles, "article"), built.Out)
	return err
}
