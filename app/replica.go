package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/github"
	"github.com/pressrun/pressrun/app/replicas"
	"github.com/pressrun/pressrun/app/scheduler"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
)

// replica is the app as one of the replicas on its ledger, of which it may be the only one.
type replica struct {
	duties   *replicas.Duties
	machines *replicas.Machines // nil for an app that has its ledger alone
	alone    bool               // no other replica was at work when this one began
	folder   *os.File           // holds the lock of the state folder
}

// openLedger opens the ledger of a configuration, and registers the app as a replica where
// the ledger may be shared.
func openLedger(ctx context.Context, opts Options, o ledger.Options) (*ledger.Ledger, *replica, error) {
	engine, err := engineOf(opts.Config)
	if err != nil {
		return nil, nil, err
	}
	with := &replica{duties: replicas.NewDuties(nil, opts.Log)}
	if !engine.Traits().Shared {
		l, err := ledger.Open(ctx, engine, o)
		return l, with, err
	}
	// A state folder is one app's, also where the ledger is in no file of it.
	if err := os.MkdirAll(opts.Config.State, 0o700); err != nil {
		return nil, nil, err
	}
	if with.folder, err = sqlite.Lock(filepath.Join(opts.Config.State, "pressrun")); err != nil {
		return nil, nil, err
	}
	l, err := with.open(ctx, engine, opts, o)
	if err != nil {
		return nil, nil, errors.Join(err, with.close())
	}
	logDurability(ctx, opts.Log, engine)
	return l, with, nil
}

func (w *replica) open(ctx context.Context, engine database.Engine, opts Options, o ledger.Options) (l *ledger.Ledger, err error) {
	if o.Self, err = replicas.Self(opts.Config, opts.Version); err != nil {
		return nil, err
	}
	if l, err = ledger.Open(ctx, engine, o); err != nil {
		return nil, err
	}
	all, err := l.Replicas(ctx)
	if err == nil {
		w.alone = !slices.ContainsFunc(all, func(r ledger.Replica) bool {
			return r.ID != o.Self.ID && ledger.Now().Sub(r.Seen) < ledger.Silent
		})
		w.machines, err = replicas.NewMachines(ctx, l, localSites(opts.Config), opts.Log)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	w.duties = replicas.NewDuties(l.Duties(), opts.Log)
	return l, nil
}

func localSites(c config.Config) []string {
	var names []string
	for name, site := range c.Sites {
		if site.Runner == config.RunnerLocal {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// keys are the app's own: in its state folder, or shared with the other replicas.
func (w *replica) keys(ctx context.Context, l *ledger.Ledger, state string) (auth.Keys, error) {
	path := filepath.Join(state, "key")
	if w.machines == nil {
		return auth.LoadKeys(path)
	}
	return auth.ShareKeys(ctx, l.Secrets(), path)
}

// shared is where all replicas find what one of them set up; nil for an app that has its
// ledger alone.
func (w *replica) shared(l *ledger.Ledger) github.Shared {
	if w.machines == nil {
		return nil
	}
	return l.Secrets()
}

// forScheduler is what the scheduler must know of the other replicas; nil for an app that
// has its ledger alone.
func (w *replica) forScheduler() *scheduler.Replicas {
	if w.machines == nil {
		return nil
	}
	return &scheduler.Replicas{Duties: w.duties, Mine: w.machines.Mine, Alone: w.alone}
}

// unreachable adds the machines that are away to the reasons why a site's runner can't be
// given a release.
func (w *replica) unreachable(of func(site string) string) func(site string) string {
	if w.machines == nil {
		return of
	}
	return func(site string) string {
		if why := of(site); why != "" {
			return why
		}
		return w.machines.Away(site)
	}
}

// announce tells the other replicas which sites this app builds by a new configuration.
func (w *replica) announce(ctx context.Context, c config.Config) error {
	if w.machines == nil {
		return nil
	}
	return w.machines.SetLocal(ctx, localSites(c))
}

// run renews the app's entry among the replicas until ctx ends.
func (w *replica) run(ctx context.Context) {
	if w.machines != nil {
		w.machines.Run(ctx)
	}
}

func (w *replica) close() error {
	if w.folder == nil {
		return nil
	}
	return w.folder.Close()
}
