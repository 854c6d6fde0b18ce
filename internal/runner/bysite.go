package runner

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/pressrun/pressrun/internal/release"
)

// RunLogger is a Runner that opens the output of a run by the run's id instead of by its release.
type RunLogger interface {
	RunLog(ctx context.Context, site string, run release.Run) (io.ReadCloser, error)
}

// BySite is a Provider that passes each call to the site's own provider.
type BySite struct {
	// Of gives the provider of a site.
	Of func(site string) Provider
	// All are the providers of all sites.
	All []Provider
}

// Dispatch hands a job to its site's runner.
func (b BySite) Dispatch(ctx context.Context, job Job) (release.Run, error) {
	return b.Of(job.Site).Dispatch(ctx, job)
}

// Find asks the site's runner.
func (b BySite) Find(ctx context.Context, job Job) (Finding, error) {
	return b.Of(job.Site).Find(ctx, job)
}

// LookUp asks the site's runner.
func (b BySite) LookUp(ctx context.Context, site string, number int64, run release.Run) (release.Event, error) {
	return b.Of(site).LookUp(ctx, site, number, run)
}

// Cancel has the site's runner end a run.
func (b BySite) Cancel(ctx context.Context, site string, number int64, run release.Run) error {
	return b.Of(site).Cancel(ctx, site, number, run)
}

// Log opens the output of a release's run.
func (b BySite) Log(ctx context.Context, site string, number int64) (io.ReadCloser, error) {
	return b.Of(site).Log(ctx, site, number)
}

// RunLog opens the output of a run; errors.ErrUnsupported when the site's
// runner knows runs by their releases only.
func (b BySite) RunLog(ctx context.Context, site string, run release.Run) (io.ReadCloser, error) {
	if l, ok := b.Of(site).(RunLogger); ok {
		return l.RunLog(ctx, site, run)
	}
	return nil, errors.ErrUnsupported
}

// Reattach has every runner take over what an earlier app left running.
func (b BySite) Reattach(ctx context.Context) error {
	var errs []error
	for _, r := range b.All {
		errs = append(errs, r.Reattach(ctx))
	}
	return errors.Join(errs...)
}

// Close closes every runner.
func (b BySite) Close() error {
	var errs []error
	for _, r := range b.All {
		errs = append(errs, r.Close())
	}
	return errors.Join(errs...)
}

// Remote says whether the site's provider is called over a network.
func (b BySite) Remote(site string) bool { return b.Of(site).Remote(site) }

// Routes are the routes of all providers.
func (b BySite) Routes() []Route {
	var routes []Route
	for _, p := range b.All {
		routes = append(routes, p.Routes()...)
	}
	return routes
}

// Start begins the background work of every provider.
func (b BySite) Start(ctx context.Context, tasks *sync.WaitGroup) {
	for _, p := range b.All {
		p.Start(ctx, tasks)
	}
}

// Identify asks each provider in turn.
func (b BySite) Identify(ctx context.Context, bearer string) (Identity, bool, error) {
	for _, p := range b.All {
		if id, ok, err := p.Identify(ctx, bearer); ok {
			return id, true, err
		}
	}
	return Identity{}, false, nil
}

var (
	_ Provider  = BySite{}
	_ RunLogger = BySite{}
)
