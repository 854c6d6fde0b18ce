package preview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/preview/mark"
)

// marked makes a copy of a build in which each page says that it is a preview. Files that
// need no mark are hard links to the build's, on the same file system.
func marked(ctx context.Context, build, into, text string) error {
	return filepath.WalkDir(build, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rel, err := filepath.Rel(build, name)
		if err != nil {
			return err
		}
		to := filepath.Join(into, rel)
		switch {
		case e.IsDir():
			return os.MkdirAll(to, 0o700)
		case e.Type()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s is a link: a preview takes files and folders", name)
		case rel == "robots.txt":
			return nil // it has its own
		case rules.IsPage(filepath.ToSlash(rel)):
			return markFile(name, to, text)
		case os.Link(name, to) == nil: //nolint:gosec // G122: the build is the operator's own
			return nil
		}
		return copyFile(name, to)
	})
}

func markFile(from, to, text string) error {
	page, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, mark.Page(page, text), 0o600) //nolint:gosec // G703: in a temporary folder
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
