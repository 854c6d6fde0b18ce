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

// linkTree fills the tree to with the content of from: hard links to its files, and its
// symbolic links, with the same targets. It follows no link.
func linkTree(ctx context.Context, from, to string) error {
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
	c := linker{from: from, to: to}
	err = filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err == nil {
			err = c.entry(name, e)
		}
		if errors.Is(err, fs.ErrPermission) {
			return fmt.Errorf("%s can't be linked into the new tree, and would be lost: let this user read it, or move it away: %w", name, err)
		}
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return err
	}
	return c.protect()
}

// linker links one tree into another. No other process writes to the new one.
type linker struct {
	from, to string // resolved
	folders  []folderMode
}

type folderMode struct {
	name string
	info fs.FileInfo // of the folder in the old tree
}

func (c *linker) entry(name string, e fs.DirEntry) error {
	target := c.to + strings.TrimPrefix(name, c.from)
	switch {
	case e.IsDir():
		return c.folder(name, target, e)
	case e.Type()&fs.ModeSymlink != 0:
		to, err := os.Readlink(name)
		if err != nil {
			return err
		}
		return os.Symlink(c.newTarget(name, to, target), target)
	}
	return os.Link(name, target)
}

// folder makes a folder. Its owner and mode are set once it is filled.
func (c *linker) folder(name, target string, e fs.DirEntry) error {
	info, err := e.Info()
	if err != nil {
		return err
	}
	if name != c.from {
		c.folders = append(c.folders, folderMode{target, info})
	}
	return os.MkdirAll(target, publicDir)
}

// protect gives folders the owners and modes of the old ones, the inner ones first. Only
// root may change an owner; a folder that everybody may read works without.
func (c *linker) protect() error {
	for _, f := range slices.Backward(c.folders) {
		err := chownLike(f.name, f.info)
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

// newTarget is the target of the link name, which is to, at its new place: the same path
// outside of the tree, or the counterpart in the new tree.
func (c *linker) newTarget(name, to, target string) string {
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

// staysInside says whether no part of a relative link leaves its tree.
func (c *linker) staysInside(name, to string) bool {
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
