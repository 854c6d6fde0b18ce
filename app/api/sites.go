package app

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
)

type (
	siteInput struct {
		Site string `path:"site" maxLength:"100"`
	}
	siteOutput  struct{ Body api.Site }
	sitesOutput struct {
		Body struct {
			Sites []api.Site `json:"sites"`
		}
	}
	releasesInput struct {
		Site   string `path:"site" maxLength:"100"`
		Limit  int    `query:"limit" minimum:"1" maximum:"500" default:"20"`
		Before int64  `query:"before" minimum:"0" doc:"only releases numbered below this"`
	}
	releasesOutput struct {
		Body struct {
			Releases []api.Release `json:"releases"`
		}
	}
	releaseInput struct {
		Site   string `path:"site" maxLength:"100"`
		Number int64  `path:"number" minimum:"1"`
	}
	releaseOutput struct{ Body api.ReleaseDetail }
	waitingOutput struct {
		Body struct {
			Requests []api.Request `json:"requests"`
		}
	}
)

// readErrors are the refusals of calls that only read.
var readErrors = []int{401, 403, 404, 422, 503}

func (a *App) siteRoutes(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "sites", Method: http.MethodGet, Path: "/v1/sites", Tags: []string{"sites"},
		Summary: "All sites that the token may see", Middlewares: a.allow(h, auth.Readers...), Errors: readErrors,
	}, a.getSites)
	huma.Register(h, huma.Operation{
		OperationID: "site", Method: http.MethodGet, Path: "/v1/sites/{site}", Tags: []string{"sites"},
		Summary: "The state of a site", Middlewares: a.allow(h, auth.Readers...), Errors: readErrors,
	}, a.getSite)
	huma.Register(h, huma.Operation{
		OperationID: "waiting", Method: http.MethodGet, Path: "/v1/sites/{site}/requests", Tags: []string{"requests"},
		Summary: "The requests of a site that are not live yet, newest first, then the scheduled ones; at most 200 of either", Middlewares: a.allow(h, auth.Readers...), Errors: readErrors,
	}, a.getWaiting)
	huma.Register(h, huma.Operation{
		OperationID: "releases", Method: http.MethodGet, Path: "/v1/sites/{site}/releases", Tags: []string{"releases"},
		Summary: "A site's releases, newest first", Middlewares: a.allow(h, auth.Readers...), Errors: readErrors,
	}, a.getReleases)
	huma.Register(h, huma.Operation{
		OperationID: "release", Method: http.MethodGet, Path: "/v1/sites/{site}/releases/{number}", Tags: []string{"releases"},
		Summary: "One release, whom it served and what happened", Middlewares: a.allow(h, auth.Readers...), Errors: readErrors,
	}, a.getRelease)
}

func (a *App) getSites(ctx context.Context, _ *struct{}) (*sitesOutput, error) {
	out := &sitesOutput{}
	out.Body.Sites = []api.Site{}
	for _, name := range a.ledger.SiteNames() {
		if !auth.From(ctx).Sees(name) {
			continue
		}
		view, err := a.siteView(ctx, name)
		if err != nil {
			return nil, a.problems.Err(ctx, err)
		}
		out.Body.Sites = append(out.Body.Sites, view)
	}
	return out, nil
}

func (a *App) getSite(ctx context.Context, in *siteInput) (*siteOutput, error) {
	view, err := a.siteView(ctx, in.Site)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	return &siteOutput{Body: view}, nil
}

func (a *App) getWaiting(ctx context.Context, in *siteInput) (*waitingOutput, error) {
	views, err := a.openRequests(ctx, in.Site, 200)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	out := &waitingOutput{}
	out.Body.Requests = views
	return out, nil
}

func (a *App) getReleases(ctx context.Context, in *releasesInput) (*releasesOutput, error) {
	views, err := a.releaseViews(ctx, in.Site, in.Limit, in.Before)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	out := &releasesOutput{}
	out.Body.Releases = views
	return out, nil
}

func (a *App) getRelease(ctx context.Context, in *releaseInput) (*releaseOutput, error) {
	view, err := a.releaseDetail(ctx, in.Site, in.Number)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	return &releaseOutput{Body: view}, nil
}
