package dir

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// carry fills the tree to with everything that from holds: hard links to its files,
// and its links, which lead where they led before. Nothing is followed.
func carry(ctx context.Context, from, to string) error {
	from, err := filepath.EvalSymlinks(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if to, err = filepath.EvalSymlinks(to); err != nil {
		return err
	}
	c := carrier{from: from, to: to}
	err = filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err == nil {
			err = c.one(name, e)
		}
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%s can't be taken into the new tree, and would be lost: let this user read it, or move it away: %w", name, err)
		}
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return err
	}
	return c.protect()
}

// carrier takes one tree into another. Both are managed, and no other process writes to
// the new one.
type carrier struct {
	from, to string // without links in them
	folders  []folderMode
}

type folderMode struct {
	name string
	info fs.FileInfo // of the folder that it is the counterpart of
}

func (c *carrier) one(name string, e fs.DirEntry) error {
	target := c.to + strings.TrimPrefix(name, c.from)
	switch {
	case e.IsDir():
		return c.folder(name, target, e)
	case e.Type()&fs.ModeSymlink != 0:
		to, err := os.Readlink(name)
		if err != nil {
			return err
		}
		return os.Symlink(c.leads(name, to, target), target)
	}
	return os.Link(name, target)
}

// folder makes a folder. What somebody made of its owner and mode is set once it is
// filled.
func (c *carrier) folder(name, target string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	if name != c.from {
		c.folders = append(c.folders, folderMode{target, info})
	}
	return os.MkdirAll(target, publicDir)
}

// protect gives folders the owners and modes that they had, the inner ones first. Only
// root may give a folder away; what everybody may read needs no owner of its own.
func (c *carrier) protect() error {
	for _, f := range slices.Backward(c.folders) {
		err := giveTo(f.name, f.info)
		mode := f.info.Mode().Perm()
		if err != nil && mode&0o005 != 0o005 {
			return fmt.Errorf("the folder %s is another user's, and not for everybody to read: let root deploy, or move it away: %w", f.name, err)
		}
		if err := os.Chmod(f.name, mode); err != nil {
			return err
		}
	}
	return nil
}

// leads is what the link that was name has to say at its new place, to lead where to
// led: the same thing elsewhere, or its counterpart in the new tree.
func (c *carrier) leads(name, to, target string) string {
	absolute := to
	if !filepath.IsAbs(to) {
		absolute = filepath.Join(filepath.Dir(name), to)
		if resolved, err := filepath.EvalSymlinks(filepath.Dir(name) + string(filepath.Separator) + to); err == nil && strings.Contains(strings.TrimLeft(to, "./"), "..") {
			absolute = resolved // the system takes ".." after a link as that link's parent
		}
	}
	inside, err := filepath.Rel(c.from, absolute)
	if err == nil && filepath.IsLocal(inside) {
		absolute = filepath.Join(c.to, inside)
		if !filepath.IsAbs(to) && c.staysInside(name, to) {
			return to
		}
	} else if filepath.IsAbs(to) {
		return to
	}
	relative, err := filepath.Rel(filepath.Dir(target), absolute)
	if err != nil {
		return to
	}
	return relative
}

// staysInside says whether a relative link never leaves its tree on the way.
func (c *carrier) staysInside(name, to string) bool {
	folder, err := filepath.Rel(c.from, filepath.Dir(name))
	if err != nil {
		return false
	}
	depth := 0
	if folder != "." {
		depth = strings.Count(folder, string(filepath.Separator)) + 1
	}
	for part := range strings.SplitSeq(filepath.ToSlash(to), "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return false
			}
		default:
			depth++
		}
	}
	return true
}
