package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/replicas"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Changes are the differences between a configuration and the one before.
type Changes struct {
	// Added, Removed and Changed are sites by name; a site that is broken now is in Broken
	// alone.
	Added, Removed, Changed []string
	// Broken are all sites that are left out because of mistakes, and Mended those that
	// were left out before.
	Broken []config.Broken
	Mended []string
	// App says that settings beside the sites changed.
	App bool
	// Restart are the keys that changed and take effect after a restart: their old values
	// hold until then.
	Restart []string
}

// None says that nothing changed.
func (c Changes) None() bool {
	return len(c.Added)+len(c.Removed)+len(c.Changed)+len(c.Mended)+len(c.Restart) == 0 && !c.App
}

// drainLimit bounds the wait for dispatches that are under way when the configuration
// changes. One that takes longer is cancelled, and the next scheduler looks for it.
const drainLimit = 5 * time.Second

// startAgain is the wait before another try to start the work of a new configuration.
const startAgain = time.Second

// Reload has the app apply another configuration from the next decision on. It makes the
// whole edition before anything changes: after an error the app goes on as before. The app
// must be running.
func (a *App) Reload(ctx context.Context, next config.Loaded) (Changes, error) {
	a.swapping.Lock()
	defer a.swapping.Unlock()
	if a.stop.Err() != nil {
		return Changes{}, errors.New("the app is ending")
	}
	before := a.current.Load()
	c, restart := held(next.Config, a.opts.Config)
	e, err := a.edition(ctx, c, next.Broken, before)
	if err != nil {
		return Changes{}, fmt.Errorf("apply the new configuration: %w", err)
	}
	found := changesOf(before, e)
	found.Broken, found.Restart = next.Broken, restart
	if found.None() && sameBroken(a.loads.broken(), next.Broken) {
		a.loads.unchanged()
		e.stopNow()
		return found, e.runner.Close()
	}
	if err := a.replica.announce(ctx, e.config); err != nil {
		e.stopNow()
		return Changes{}, errors.Join(fmt.Errorf("apply the new configuration: %w", err), e.runner.Close())
	}
	a.swap(ctx, before, e)
	a.loads.loaded(found, ledger.Now())
	found.log(ctx, a.log)
	return found, nil
}

// Refused notes that a configuration could not be applied, so that the pages show it too.
func (a *App) Refused(err error) {
	a.loads.refused(err, ledger.Now())
	a.log.Error("the configuration is not taken: the app goes on by the one before", "error", err)
}

// put makes an edition the one that serves.
func (a *App) put(e *edition) {
	if a.opts.Configured != nil {
		a.opts.Configured(e.config)
	}
	policies, gone := e.policies()
	a.ledger.Serve(policies, gone, e.config.Slots.Limits())
	a.current.Store(e)
}

// swap ends the work of one edition and begins that of the next.
func (a *App) swap(ctx context.Context, before, e *edition) {
	draining, cancel := context.WithTimeout(a.stop, drainLimit)
	before.scheduler.Drain(draining)
	cancel()
	a.put(e)
	before.end()
	if err := before.runner.Close(); err != nil {
		a.log.WarnContext(ctx, "the runner of the configuration before can't be closed", "error", err)
	}
	if hash, err := replicas.Hash(e.config); err == nil {
		a.ledger.Configured(hash)
	}
	a.counted.Configure(e.hours(), e.handOffs())
	for {
		err := e.begin(a.stop)
		if err == nil {
			err = e.start(a.stop)
		}
		if err == nil || a.stop.Err() != nil {
			return
		}
		a.log.ErrorContext(ctx, "the work by the new configuration can't be started, and is tried again", "error", err)
		select {
		case <-a.stop.Done():
		case <-time.After(startAgain):
		}
	}
}

// held is a configuration with the settings that can't change while the app runs as they
// were at its start, and the keys for which the configuration has other values.
func held(next, first config.Config) (config.Config, []string) {
	var restart []string
	keep := func(key string, is *string, was string) {
		if *is != was {
			restart = append(restart, key)
			*is = was
		}
	}
	if next.Listen != first.Listen && next.URL == "http://"+next.LocalAddress() {
		next.URL = first.URL // which follows from where it listens
	}
	keep("listen", &next.Listen, first.Listen)
	keep("state", &next.State, first.State)
	keep("ledger", &next.Ledger, first.Ledger)
	keep("ledger_file", &next.LedgerFile, first.LedgerFile)
	// It was checked against listen, which stays.
	keep("pages.access", &next.Pages.Access, first.Pages.Access)
	outputs, age := next.Keep.KeepOutputs()
	if was, wasAge := first.Keep.KeepOutputs(); outputs != was || age != wasAge {
		restart = append(restart, "keep.outputs")
		next.Keep.Outputs, next.Keep.OutputDays = first.Keep.Outputs, first.Keep.OutputDays
	}
	return next, restart
}

// changesOf are the differences between an edition and the one before.
func changesOf(before, e *edition) Changes {
	var c Changes
	for _, name := range slices.Sorted(maps.Keys(e.config.Sites)) {
		was, is := presenceOf(before, name), presenceOf(e, name)
		switch {
		case is == served && was == served:
			if !same(before.config.Sites[name], e.config.Sites[name]) {
				c.Changed = append(c.Changed, name)
			}
		case is == served && was == broken:
			c.Mended = append(c.Mended, name)
		case is == served:
			c.Added = append(c.Added, name)
		case is == gone && was != gone:
			c.Removed = append(c.Removed, name)
		}
	}
	was, is := before.config, e.config
	was.Sites, is.Sites = nil, nil
	c.App = !same(was, is)
	return c
}

// presence says whether an edition has a site, and whether it serves it.
type presence int

const (
	gone presence = iota
	broken
	served
)

func presenceOf(e *edition, name string) presence {
	_, there := e.config.Sites[name]
	switch closed, not := e.closed[name]; {
	case !there || closed.Gone:
		return gone
	case not:
		return broken
	}
	return served
}

// same says whether two parts of configurations are equal.
func same(a, b any) bool {
	one, err := json.Marshal(a)
	other, err2 := json.Marshal(b)
	return err == nil && err2 == nil && string(one) == string(other)
}

func sameBroken(a, b []config.Broken) bool {
	return slices.EqualFunc(a, b, func(a, b config.Broken) bool { return a.Name == b.Name && a.Why() == b.Why() })
}

// log logs the changes.
func (c Changes) log(ctx context.Context, log *slog.Logger) {
	log.InfoContext(ctx, "the app goes by a new configuration", "added", strings.Join(c.Added, ","), "removed", strings.Join(c.Removed, ","),
		"changed", strings.Join(c.Changed, ","), "mended", strings.Join(c.Mended, ","), "broken", len(c.Broken), "app", c.App)
	LogBroken(ctx, log, c.Broken)
	if len(c.Restart) > 0 {
		log.WarnContext(ctx, "some of the new configuration needs a restart: until then the old values hold", "keys", strings.Join(c.Restart, ", "))
	}
}

// LogBroken logs which sites are left out, and why.
func LogBroken(ctx context.Context, log *slog.Logger, all []config.Broken) {
	for _, b := range all {
		log.ErrorContext(ctx, "a site is left out, because its configuration has mistakes; the others go on", "site", b.Name, "mistake", b.Why())
	}
}

// loads are the results of the configurations that were read.
type loads struct {
	mu      sync.Mutex
	at      time.Time
	again   bool // at is that of a reload
	changes Changes
	failed  error // of a later configuration that was refused, nil for none
	failure time.Time
}

func (l *loads) loaded(c Changes, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.again = !l.at.IsZero()
	l.changes, l.at, l.failed = c, at, nil
}

// view is for the pages.
func (l *loads) view() view.Load {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := view.Load{
		At: l.at, Again: l.again, Added: l.changes.Added, Removed: l.changes.Removed, Changed: l.changes.Changed, Mended: l.changes.Mended,
		App: l.changes.App, Restart: l.changes.Restart,
	}
	if l.failed != nil {
		out.Failed, out.FailedAt = l.failed.Error(), l.failure
	}
	return out
}

func (l *loads) refused(err error, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed, l.failure = err, at
}

func (l *loads) broken() []config.Broken {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changes.Broken
}

// unchanged notes that the configuration was read again and equals the one in force.
func (l *loads) unchanged() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failed = nil
}
