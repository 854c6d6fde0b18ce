package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/pressrun/pressrun/internal/demo/frontend"
)

// demoBuildCmd is the build command of the demo's site: its frontend, which
// fetches the content from the CMS as the environment says.
type demoBuildCmd struct {
	Out string `required:"" help:"Folder to write."`
}

// Run builds the site.
func (c *demoBuildCmd) Run(ctx context.Context, t *terminal) error {
	opts := frontend.OptionsFromEnv(os.Getenv)
	opts.Out, opts.Log = c.Out, slog.New(slog.NewTextHandler(t.err, nil))
	built, err := frontend.Build(ctx, opts)
	if err != nil {
		return fmt.Errorf("build the demo's site: %w", err)
	}
	for _, warning := range built.Warnings {
		fmt.Fprintln(t.out, "warning:", oneLine(warning))
	}
	_, err = fmt.Fprintf(t.out, "Built %s of %s into %s.\n", plural(int64(built.Pages), "page"), plural(int64(built.Articles), "article"), built.Out)
	return err
}
