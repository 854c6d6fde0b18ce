package local

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// removedFor is how long the runs of a site that no longer uses this runner are kept: a
// mistake in the configuration must not delete their output.
const removedFor = 30 * 24 * time.Hour

// leftovers are the files of sites that no longer use this runner.
type leftovers struct {
	opts  Options
	locks *siteLocks
}

// tidy removes the files of sites that no longer use this runner: the copies of their
// repositories, which can be fetched again, at once; their runs when the last is older
// than removedFor. While any run of a site is alive, its files are not touched.
func (l leftovers) tidy(now time.Time) {
	for _, site := range l.removedSites() {
		if err := l.tidySite(site, now); err != nil {
			l.opts.Logger.Warn("the files of a site that is no longer configured could not be removed", "site", site, "error", err)
		}
	}
}

// removedSites are the names of the sites that no longer use this runner and have files left.
func (l leftovers) removedSites() []string {
	found := map[string]bool{}
	for _, e := range l.entries("runs") {
		if e.IsDir() {
			found[e.Name()] = true
		}
	}
	for _, e := range l.entries("sources") {
		for _, kind := range []string{".git", ".lock"} {
			if site, ok := strings.CutSuffix(e.Name(), kind); ok {
				found[site] = true
			}
		}
	}
	var sites []string
	for site := range found {
		if _, ours := l.opts.Settings(site); !ours {
			sites = append(sites, site)
		}
	}
	return sites
}

func (l leftovers) entries(folder string) []fs.DirEntry {
	entries, err := os.ReadDir(filepath.Join(l.opts.State, folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		l.opts.Logger.Warn("the files of removed sites can't be listed", "error", err)
	}
	return entries
}

func (l leftovers) tidySite(site string, now time.Time) error {
	defer l.locks.lock(site)()
	runs, err := siteFolder(l.opts.State, site)
	if err != nil {
		return err
	}
	last, running, err := lastRun(runs)
	if err != nil || running {
		return err
	}
	if err := l.removeRepository(site); err != nil {
		return err
	}
	if last.IsZero() || now.Sub(last) < removedFor {
		return nil
	}
	l.opts.Logger.Info("removing the runs of a site that is no longer configured", "site", site, "last", last)
	if err := os.RemoveAll(runs); err != nil {
		return fmt.Errorf("remove a site's runs: %w", err)
	}
	return nil
}

// lastRun says when the last run of a site was begun, zero for never, and whether any is alive.
func lastRun(runs string) (last time.Time, running bool, err error) {
	all, err := numbers(runs)
	if err != nil {
		return last, false, err
	}
	for _, number := range all {
		f := folder{path: filepath.Join(runs, fmt.Sprint(number))}
		if running, err := f.running(); err != nil || running {
			return last, running, err
		}
		info, err := os.Stat(f.path)
		if err != nil {
			return last, false, fmt.Errorf("check an old run: %w", err)
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last, false, nil
}

// removeRepository removes the copy of a site's repository, unless its lock is held.
func (l leftovers) removeRepository(site string) error {
	sources := folder{path: filepath.Join(l.opts.State, "sources")}
	repository, guard := sources.file(site+".git"), sources.file(site+".lock")
	_, copied := os.Stat(repository)
	_, locked := os.Stat(guard)
	if errors.Is(copied, fs.ErrNotExist) && errors.Is(locked, fs.ErrNotExist) {
		return nil
	}
	lock, err := lockFile(guard)
	if errors.Is(err, errLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	l.opts.Logger.Info("removing the copy of the repository of a site that is no longer configured", "site", site)
	return errors.Join(os.RemoveAll(repository), os.Remove(guard), lock.Close())
}
