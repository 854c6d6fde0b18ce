package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/pressrun/pressrun/internal/atomicfile"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Backup copies the running app's ledger to a file.
type Backup struct {
	AppFlags
	File  string `arg:"" type:"path" help:"File to write."`
	Force bool   `help:"Replace the file if it is there."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Help has the example.
func (Backup) Help() string {
	return `The app goes on meanwhile; the copy is as of one instant. It is there whole or not at all, and for its owner only.
To restore: stop the app, put the file in the state folder as pressrun.db, remove pressrun.db-wal and -shm, start it.

Example:

  pressrun backup /var/backups/pressrun-$(date +%F).db`
}

// backupDocument is the output of `backup --json`.
type backupDocument struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

// Run writes the backup.
func (c *Backup) Run(ctx context.Context, t *terminal.Terminal) error {
	if err := c.free(); err != nil {
		return err
	}
	client, err := c.Client(t)
	if err != nil {
		return err
	}
	copied, err := client.Backup(ctx)
	if err != nil {
		return err
	}
	defer copied.Close()
	n, err := c.write(copied)
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	p := t.Printer()
	if c.JSON {
		return p.Document(backupDocument{c.File, n})
	}
	_, err = fmt.Fprintf(t.Out, "Wrote %s (%s).\n", c.File, text.Bytes(n))
	return err
}

// free refuses a file that is there, before the app is asked for anything.
func (c *Backup) free() error {
	if c.Force {
		return nil
	}
	_, err := os.Lstat(c.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", c.File, err)
	}
	return exit.With(exit.Usage, fmt.Errorf("%s is there already; --force replaces it", c.File))
}

// write puts the copy in its place. Without --force it fails if somebody has
// taken the name meanwhile.
func (c *Backup) write(copied io.Reader) (int64, error) {
	if c.Force {
		return atomicfile.Replace(c.File, copied)
	}
	return atomicfile.Create(c.File, copied)
}
