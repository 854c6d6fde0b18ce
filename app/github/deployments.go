package github

import (
	"context"
	"log/slog"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// deploymentsWait is the wait after an error. People look at deployments, and nothing waits
// for them.
const deploymentsWait = 30 * time.Second

// deployments shows releases as GitHub's deployments.
type deployments struct {
	connection *connection
	ledger     *ledger.Ledger
	log        *slog.Logger
}

// show keeps GitHub's deployments in step with the releases, until ctx ends.
func (d *deployments) show(ctx context.Context) {
	shown := map[string]githubapp.Deployment{} // by site
	changes := d.ledger.Changes()
	defer changes.Close()
	stale := d.ledger.SiteNames()
	for {
		var failed []string
		for _, name := range stale {
			if err := d.showSite(ctx, name, shown); err != nil && ctx.Err() == nil {
				d.log.Warn("GitHub's deployment of a release can't be made", "site", name, "error", err)
				failed = append(failed, name)
			}
		}
		ready, again := changes.Ready(), (<-chan time.Time)(nil)
		if len(failed) > 0 {
			ready, again = nil, time.After(deploymentsWait) // not before
		}
		select {
		case <-ctx.Done():
			return
		case <-ready:
		case <-again:
		}
		stale = append(failed, changes.Take().Sites...)
	}
}

func (d *deployments) showSite(ctx context.Context, name string, shown map[string]githubapp.Deployment) error {
	link := d.connection.link.Load()
	if link == nil {
		return nil
	}
	if s, ok := link.runner.Sites()[name]; !ok || !s.Deployments {
		return nil
	}
	site, err := d.ledger.Site(ctx, name)
	if err != nil {
		return err
	}
	// The older release comes first: GitHub marks earlier deployments inactive when one
	// succeeds, and an older one must not do so to the newer.
	for _, r := range []release.Release{site.Last, site.Current} {
		one, ok := deploymentOf(name, r, site.State)
		if !ok || shown[name].Number > one.Number || shown[name] == one {
			continue
		}
		if err := link.runner.Deployments().Show(ctx, one); err != nil {
			return err
		}
		shown[name] = one
	}
	return nil
}

// deploymentOf is the deployment of a release; none before its dispatch.
func deploymentOf(site string, r release.Release, state release.State) (githubapp.Deployment, bool) {
	d := githubapp.Deployment{Site: site, Number: r.Number, LogURL: r.Run.URL}
	if r.Number == 0 || r.Run.ID == "" {
		return d, false
	}
	switch r.Outcome {
	case release.Succeeded:
		d.State, d.Why = "success", "live"
		return d, true
	case release.Failed, release.Stale:
		d.State, d.Why = "failure", r.Why
		return d, true
	case release.Cancelled, release.Superseded, release.Unchanged:
		d.State, d.Why = "inactive", r.Why
		return d, true
	}
	switch state {
	case release.Starting, release.InProgress:
		d.State, d.Why = "in_progress", "the site is being built"
	case release.Complete:
		d.State, d.Why = "success", "live"
	case release.Dispatched, release.Requested, release.Ready:
		d.State, d.Why = "queued", "dispatched; waits for its run to start"
	}
	return d, true
}
