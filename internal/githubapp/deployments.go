package githubapp

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/text"
)

// Deployment is a release as GitHub shows it under Deployments.
type Deployment struct {
	Site   string
	Number int64
	// State is queued, in_progress, success, failure or inactive.
	State, Why string
	LogURL     string
}

// Deployments show releases as deployments.
type Deployments struct {
	links *links
	sites Sites
}

// task names a release's deployment, by which it is found again.
func (d Deployment) task() string {
	return "pressrun:" + d.Site + ":" + strconv.FormatInt(d.Number, 10)
}

// order is the order of a deployment's states. A state never goes back.
var order = []string{"queued", "in_progress", "success", "failure", "inactive"}

// Show shows a release's state as a deployment of the site's environment. It may be
// repeated: a status that GitHub has already is not sent again.
func (s Deployments) Show(ctx context.Context, d Deployment) error {
	site, err := s.sites.find(d.Site)
	if err != nil || !site.Deployments || s.links.options.Gitea {
		return err
	}
	to, err := s.links.to(ctx, site)
	if err != nil {
		return err
	}
	id, err := s.deployment(ctx, to, site, d)
	if err != nil {
		return err
	}
	told, _, err := to.reads.Repositories.ListDeploymentStatuses(ctx, site.owner(), site.name(), id, &github.ListOptions{PerPage: 20})
	if err != nil {
		return fmt.Errorf("list the statuses of deployment %d: %w", id, err)
	}
	if len(told) > 0 && slices.Index(order, told[0].GetState()) >= slices.Index(order, d.State) {
		return nil
	}
	in := &github.DeploymentStatusRequest{State: &d.State, Description: github.String(text.Shorten(text.OneLine(d.Why), 140))}
	if d.LogURL != "" {
		in.LogURL = &d.LogURL
	}
	if site.URL != "" {
		in.EnvironmentURL = &site.URL
	}
	if _, _, err := to.writes.Repositories.CreateDeploymentStatus(ctx, site.owner(), site.name(), id, in); err != nil {
		return fmt.Errorf("tell the status of deployment %d: %w", id, err)
	}
	return nil
}

// deployment finds a release's deployment, or makes it.
func (s Deployments) deployment(ctx context.Context, to *link, site Site, d Deployment) (int64, error) {
	found, _, err := to.reads.Repositories.ListDeployments(ctx, site.owner(), site.name(), &github.DeploymentsListOptions{
		Task: d.task(), Environment: site.Environment, ListOptions: github.ListOptions{PerPage: 1},
	})
	if err != nil {
		return 0, fmt.Errorf("look for the deployment of release #%d: %w", d.Number, err)
	}
	if len(found) > 0 {
		return found[0].GetID(), nil
	}
	made, _, err := to.writes.Repositories.CreateDeployment(ctx, site.owner(), site.name(), &github.DeploymentRequest{
		Ref: &site.Ref, Task: github.String(d.task()), Environment: &site.Environment,
		AutoMerge: github.Bool(false),
		// Without an empty list GitHub waits for every check of the commit.
		RequiredContexts: &[]string{},
		Description:      github.String(fmt.Sprintf("Release #%d of %s", d.Number, d.Site)),
	})
	if _, accepted := errors.AsType[*github.AcceptedError](err); accepted {
		return 0, fmt.Errorf("make the deployment of release #%d: GitHub merged %s first; it is tried again", d.Number, site.Ref)
	}
	if err != nil {
		return 0, fmt.Errorf("make the deployment of release #%d: %w", d.Number, err)
	}
	return made.GetID(), nil
}
