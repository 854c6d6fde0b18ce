package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Reattach takes over the runs that an earlier process of the app left running. It reports
// again how each site's newest run ended: the app may have missed it, and a repeated
// report changes nothing. It also removes old files.
func (r *Runner) Reattach(ctx context.Context) error {
	leftovers{opts: r.opts, locks: r.locks}.tidy(time.Now())
	sites, err := os.ReadDir(filepath.Join(r.opts.State, "runs"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for runs to reattach to: %w", err)
	}
	for _, site := range sites {
		if err := ctx.Err(); err != nil {
			return err
		}
		if site.IsDir() {
			err = errors.Join(err, r.reattachSite(site.Name()))
		}
	}
	return err
}

func (r *Runner) reattachSite(site string) error {
	all, err := numbers(filepath.Join(r.opts.State, "runs", site))
	if err != nil {
		return err
	}
	newest := int64(0)
	for _, n := range all {
		newest = max(newest, n)
	}
	for _, number := range all {
		f, err := runFolder(r.opts.State, site, number)
		if err != nil {
			return err
		}
		if err := r.reattach(site, f, number == newest); err != nil {
			r.opts.Logger.Warn("the app can't reattach to a run", "folder", f.path, "error", err)
		}
		if number == newest {
			continue // watched
		}
		if err := r.clear(f); err != nil {
			r.opts.Logger.Warn("an old run's copy of the source is left", "folder", f.path, "error", err)
		}
	}
	return nil
}

func (r *Runner) reattach(site string, f folder, newest bool) error {
	defer r.locks.lock(site)()
	rec, err := f.record()
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the app died before it wrote the intent
	}
	if err != nil {
		return err
	}
	running, err := f.running()
	if err != nil {
		return err
	}
	_, begun, err := f.started()
	if err != nil {
		return err
	}
	// A run that never began does not count: see Find.
	if running || newest && begun {
		r.watchers.watch(f, rec, nil)
	}
	return nil
}

// clear concludes an older, unwatched run whose copy of the source is left: its
// supervisor died, and its processes may still be at work there.
func (r *Runner) clear(f folder) error {
	if _, err := os.Stat(f.file("source")); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	rec, err := f.record()
	if err != nil {
		return err
	}
	if running, err := f.running(); err != nil || running {
		return err
	}
	_, err = r.watchers.conclude(f, rec)
	return err
}
