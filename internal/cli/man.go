package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/manual"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// manCmd writes the manual pages.
type manCmd struct {
	Dir string `arg:"" optional:"" name:"dir" help:"The folder to write a page of each command to (default: the program's own page is printed)."`
}

// Help has the examples.
func (manCmd) Help() string {
	return `Examples:

  pressrun man | man -l -
  pressrun man /usr/local/share/man/man1
  man pressrun-request`
}

// Run prints the program's page, or writes all pages to a folder.
func (c *manCmd) Run(_ context.Context, kctx *kong.Context, t *terminal.Terminal) error {
	book := manual.Book{Program: kctx.Model.Node, About: description, ExitCodes: exit.Table, Date: builtAt(t.Now())}
	pages := book.Pages()
	if c.Dir == "" {
		_, err := fmt.Fprint(t.Out, pages[0].Text)
		return err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil { //nolint:gosec // G301: manual pages are for everybody
		return fmt.Errorf("make the folder of the manual pages: %w", err)
	}
	for _, page := range pages {
		if err := writePage(filepath.Join(c.Dir, page.File), page.Text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(t.Out, "%d manual pages are in %s\n", len(pages), c.Dir)
	return err
}

func writePage(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644) //nolint:gosec // G302: manual pages are for everybody
	if err != nil {
		return fmt.Errorf("write a manual page: %w", err)
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write a manual page: %w", err)
	}
	return nil
}

// builtAt is when the sources were last changed, as Go notes it of a build from a
// repository; SOURCE_DATE_EPOCH (reproducible-builds.org) says otherwise, in seconds.
func builtAt(now time.Time) time.Time {
	if s, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(s, 0).UTC()
	}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return now
	}
	for _, s := range build.Settings {
		if at, err := time.Parse(time.RFC3339, s.Value); s.Key == "vcs.time" && err == nil {
			return at
		}
	}
	return now
}
