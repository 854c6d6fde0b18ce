package app

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/release"
)

// deploymentsPatience is how long GitHub's deployments are left alone after an
// error. They are for people to look at: nothing waits for them.
const deploymentsPatience = 30 * time.Second

// showDeployments keeps GitHub's deployments in step with the releases, until
// the app stops.
func (g *github) showDeployments() {
	ctx := g.app.stop
	told := map[string]githubapp.Deployment{}
	for {
		changed := g.app.ledger.Changed()
		var again <-chan time.Time
		for _, name := range g.app.ledger.SiteNames() {
			if err := g.showSite(ctx, name, told); err != nil && ctx.Err() == nil {
				g.app.log.Warn("GitHub's deployment of a release can't be made", "site", name, "error", err)
				again = time.After(deploymentsPatience)
			}
		}
		if again != nil {
			changed = nil // not before
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-again:
		}
	}
}

func (g *github) showSite(ctx context.Context, name string, told map[string]githubapp.Deployment) error {
	link := g.link.Load()
	if link == nil {
		return nil
	}
	if s, ok := link.runner.Site(name); !ok || !s.Deployments {
		return nil
	}
	site, err := g.app.ledger.Site(ctx, name)
	if err != nil {
		return err
	}
	// The one that ended comes first: a deployment that became live before it
	// must not be marked inactive by an older one.
	for _, r := range []release.Release{site.Last, site.Current} {
		d, ok := deploymentOf(name, r, site.State)
		if !ok || told[name].Number > d.Number || told[name] == d {
			continue
		}
		if err := link.runner.Deploy(ctx, d); err != nil {
			return err
		}
		told[name] = d
	}
	return nil
}

// deploymentOf is a release as GitHub's deployments show it; none before
// anything was dispatched.
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
	case release.Cancelled, release.Superseded:
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
