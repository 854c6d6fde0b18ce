package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

type backupCmd struct {
	appFlags
	File  string `arg:"" type:"path" help:"File to write."`
	Force bool   `help:"Replace the file if it is there."`
	JSON  bool   `name:"json" help:"Print JSON."`
}

// Help has the example.
func (backupCmd) Help() string {
	return `The app goes on meanwhile; the copy is as of one instant. It is there whole or not at all, and for its owner only.
To restore: stop the app, put the file in the state folder as pressrun.db, remove pressrun.db-wal and -shm, start it.

Example:

  pressrun backup /var/backups/pressrun-$(date +%F).db`
}

// backupDocument is what `backup --json` prints.
type backupDocument struct {
	File  string `json:"file"`
	Bytes int64  `json:"bytes"`
}

// Run writes the backup.
func (c *backupCmd) Run(ctx context.Context, t *terminal) error {
	if err := c.free(); err != nil {
		return err
	}
	client, err := c.client()
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
	p := &printer{out: t.out}
	if c.JSON {
		return p.document(backupDocument{c.File, n})
	}
	_, err = fmt.Fprintf(t.out, "Wrote %s (%s).\n", c.File, size(n))
	return err
}

// free refuses a file that is there, before the app is asked for anything.
func (c *backupCmd) free() error {
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
	return withCode(exitUsage, fmt.Errorf("%s is there already; --force replaces it", c.File))
}

// write puts the copy beside its place, makes sure that it is on disk, and
// only then moves it there.
func (c *backupCmd) write(copied io.Reader) (n int64, err error) {
	folder := filepath.Dir(c.File)
	f, err := os.CreateTemp(folder, ".pressrun-backup-*") // for its owner only
	if err != nil {
		return 0, err
	}
	n, err = io.Copy(f, copied)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(f.Name()))
	}
	if err := c.moveInto(f.Name()); err != nil {
		return 0, errors.Join(err, os.Remove(f.Name()))
	}
	return n, syncFolder(folder)
}

// moveInto gives the file its name. Without --force a link does it, which
// fails if somebody has taken the name meanwhile.
func (c *backupCmd) moveInto(temporary string) error {
	if c.Force {
		return os.Rename(temporary, c.File)
	}
	if err := os.Link(temporary, c.File); err != nil {
		return err
	}
	return os.Remove(temporary)
}

// syncFolder makes a new name in a folder outlive a power cut.
func syncFolder(folder string) error {
	d, err := os.Open(filepath.Clean(folder))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
