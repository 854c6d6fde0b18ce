package githubapp

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-github/v60/github"

	"github.com/pressrun/pressrun/internal/text"
)

// PreviewDeployment is a preview as GitHub shows it under Deployments.
type PreviewDeployment struct {
	Site, Environment string
	Commit            string
	// State is queued, in_progress, success, failure, or "" to remove the deployment.
	State, Why  string
	URL, LogURL string
}

// previewTask marks Pressrun's deployments of an environment.
const previewTask = "pressrun:preview"

// ShowPreview makes GitHub show one deployment for a preview, and none once it is
// removed. It may be repeated: a status that GitHub has already is not sent again. The
// environment itself stays, empty: deleting it needs a permission for the whole
// repository.
func (s Deployments) ShowPreview(ctx context.Context, d PreviewDeployment) error {
	site, err := s.sites.find(d.Site)
	if err != nil {
		return err
	}
	to, err := s.links.toPulls(ctx, site)
	if err != nil {
		return err
	}
	found, _, err := to.reads.Repositories.ListDeployments(ctx, site.owner(), site.name(), &github.DeploymentsListOptions{
		Task: previewTask, Environment: d.Environment, ListOptions: github.ListOptions{PerPage: 100},
	})
	if err != nil {
		return fmt.Errorf("look for the deployments of %s: %w", d.Environment, err)
	}
	keep := int64(0)
	if d.State != "" {
		if keep, err = previewDeployment(ctx, to, site, found, d); err != nil {
			return err
		}
		if err := tellPreview(ctx, to, site, keep, d); err != nil {
			return err
		}
	}
	if d.State != "" && d.State != "success" {
		return nil // the preview before can still be looked at
	}
	for _, other := range found {
		if other.GetID() == keep {
			continue
		}
		if err := removeDeployment(ctx, to, site, other.GetID()); err != nil {
			return err
		}
	}
	return nil
}

func previewDeployment(ctx context.Context, to *link, site Site, found []*github.Deployment, d PreviewDeployment) (int64, error) {
	for _, one := range found {
		if one.GetSHA() == d.Commit {
			return one.GetID(), nil
		}
	}
	yes, no := true, false
	made, _, err := to.writes.Repositories.CreateDeployment(ctx, site.owner(), site.name(), &github.DeploymentRequest{
		Ref: &d.Commit, Task: github.String(previewTask), Environment: &d.Environment, AutoMerge: &no,
		RequiredContexts: &[]string{}, TransientEnvironment: &yes, ProductionEnvironment: &no,
		Description: github.String("Preview of " + d.Site),
	})
	if err != nil {
		return 0, fmt.Errorf("make the deployment of %s: %w", d.Environment, err)
	}
	return made.GetID(), nil
}

func tellPreview(ctx context.Context, to *link, site Site, id int64, d PreviewDeployment) error {
	told, _, err := to.reads.Repositories.ListDeploymentStatuses(ctx, site.owner(), site.name(), id, &github.ListOptions{PerPage: 1})
	if err != nil {
		return fmt.Errorf("list the statuses of deployment %d: %w", id, err)
	}
	if len(told) > 0 && told[0].GetState() == d.State && told[0].GetEnvironmentURL() == d.URL {
		return nil
	}
	in := &github.DeploymentStatusRequest{State: &d.State, Description: github.String(text.Shorten(text.OneLine(d.Why), 140))}
	if d.URL != "" {
		in.EnvironmentURL = &d.URL
	}
	if d.LogURL != "" {
		in.LogURL = &d.LogURL
	}
	if _, _, err := to.writes.Repositories.CreateDeploymentStatus(ctx, site.owner(), site.name(), id, in); err != nil {
		return fmt.Errorf("tell the status of deployment %d: %w", id, err)
	}
	return nil
}

// removeDeployment deletes a deployment: GitHub wants it to be inactive first.
func removeDeployment(ctx context.Context, to *link, site Site, id int64) error {
	inactive := &github.DeploymentStatusRequest{State: github.String("inactive")}
	if _, _, err := to.writes.Repositories.CreateDeploymentStatus(ctx, site.owner(), site.name(), id, inactive); err != nil {
		return fmt.Errorf("end deployment %d: %w", id, err)
	}
	_, err := to.writes.Repositories.DeleteDeployment(ctx, site.owner(), site.name(), id)
	if refused, ok := errors.AsType[*github.ErrorResponse](err); ok && refused.Response.StatusCode == http.StatusNotFound {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete deployment %d: %w", id, err)
	}
	return nil
}
