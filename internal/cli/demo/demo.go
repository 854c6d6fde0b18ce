// Package demo has the command that shows Pressrun at work on one machine: a CMS,
// the app, and a site that both publish.
package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Command runs the demo.
type Command struct {
	Once    bool          `help:"Make one edit, wait until it is live, tell what happened, and end."`
	JSON    bool          `name:"json" help:"With --once: print one JSON document."`
	Dir     string        `type:"path" placeholder:"FOLDER" help:"Keep everything here, and go on with what is there (default: a folder that is removed at the end)."`
	Port    int           `default:"8080" placeholder:"N" help:"Port of the app; the CMS and the public site take the next two. Ports that are taken are replaced (default ${default}; with --once: free ones)."`
	Timeout time.Duration `default:"2m" placeholder:"SPAN" help:"With --once: how long it may take (default ${default})."`
}

// Help has the example.
func (Command) Help() string {
	return `Starts, on this machine and for this machine only: the app, a small stand-in CMS, and a server of the public site.
Publishing in the CMS makes a release: the site is built from the CMS's content and is live within seconds.

With --once, ends with 0 only if the edited words were read back through the public address.

Examples:

  pressrun demo
  pressrun demo --once --json | jq .request_to_live_seconds`
}

// Validate refuses flags that mean nothing together.
func (c *Command) Validate() error {
	if c.JSON && !c.Once {
		return errors.New("--json goes with --once")
	}
	if c.Port < 1 || c.Port > 65533 {
		return fmt.Errorf("--port: %d is not from 1 to 65533", c.Port)
	}
	return nil
}

// Run shows a site's way from the CMS to the public page.
func (c *Command) Run(ctx context.Context, t *terminal.Terminal) (err error) {
	folder, remove, err := c.folder()
	if err != nil {
		return err
	}
	failed := true
	defer func() {
		// What went wrong can be looked at.
		if !failed {
			err = errors.Join(err, remove())
		}
	}()
	d, err := newDemo(ctx, folder, c.ports(), t.Version)
	if err != nil {
		return fmt.Errorf("set the demo up in %s: %w", folder, err)
	}
	show := d.show
	if c.Once {
		show = func(ctx context.Context, t *terminal.Terminal) error { return c.once(ctx, t, d) }
	}
	err = d.run(ctx, func(ctx context.Context) error { return show(ctx, t) })
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w\nEverything is kept for a look in %s; the log is %s", err, folder, d.logFile())
	}
	failed = false
	return err
}

// ports are those of the app, the CMS and the public site; 0 for any.
func (c *Command) ports() [3]int {
	if c.Once {
		return [3]int{}
	}
	return [3]int{c.Port, c.Port + 1, c.Port + 2}
}

// folder is where the demo keeps everything, and how it is removed.
func (c *Command) folder() (string, func() error, error) {
	if c.Dir != "" {
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return "", nil, fmt.Errorf("make the demo's folder: %w", err)
		}
		return c.Dir, func() error { return nil }, nil
	}
	folder, err := os.MkdirTemp("", "pressrun-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("make the demo's folder: %w", err)
	}
	// The system's own may be a link: a site's folder is told by its real name.
	folder, err = filepath.EvalSymlinks(folder)
	return folder, func() error { return os.RemoveAll(folder) }, err
}
