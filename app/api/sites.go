package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
)

// Sites serves sites, their schedules and their releases.
type Sites struct {
	guard
	view *view.Reader
}

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
	scheduleInput struct {
		Site string `path:"site" maxLength:"100"`
		Next int    `query:"next" minimum:"1" maximum:"200" default:"20" doc:"how many slots"`
	}
	scheduleOutput struct{ Body api.Schedule }
	waitingOutput  struct {
		Body struct {
			Requests []api.Request `json:"requests"`
		}
	}
)

// readErrors are the refusals of calls that only read.
var readErrors = []int{401, 403, 404, 410, 422, 503}

func (s *Sites) register(h huma.API) {
	register(h, huma.Operation{
		OperationID: "sites", Method: http.MethodGet, Path: "/v1/sites", Tags: []string{"sites"},
		Summary: "All sites that the token may see", Middlewares: s.allow(auth.Readers...), Errors: readErrors,
	}, s.list)
	register(h, huma.Operation{
		OperationID: "site", Method: http.MethodGet, Path: "/v1/sites/{site}", Tags: []string{"sites"},
		Summary: "The state of a site", Middlewares: s.allow(auth.Readers...), Errors: readErrors,
	}, s.get)
	register(h, huma.Operation{
		OperationID: "waiting", Method: http.MethodGet, Path: "/v1/sites/{site}/requests", Tags: []string{"requests"},
		Summary: "The requests of a site that are not live yet, newest first, then the scheduled ones; at most 200 of either", Middlewares: s.allow(auth.Readers...), Errors: readErrors,
	}, s.open)
	register(h, huma.Operation{
		OperationID: "schedule", Method: http.MethodGet, Path: "/v1/sites/{site}/schedule", Tags: []string{"sites"},
		Summary: "When a site asks for releases by itself: its schedules, their next slots, and the holidays ahead", Middlewares: s.allow(auth.Readers...), Errors: readErrors,
	}, s.schedule)
	register(h, huma.Operation{
		OperationID: "releases", Method: http.MethodGet, Path: "/v1/sites/{site}/releases", Tags: []string{"releases"},
		Summary: "A site's releases, newest first", Middlewares: s.allow(auth.Readers...), Errors: readErrors,
	}, s.releases)
	register(h, huma.Operation{
		OperationID: "release", Method: http.MethodGet, Path: "/v1/sites/{site}/releases/{number}", Tags: []string{"releases"},
		Summary: "One release, whom it served and what happened", Middlewares: s.allow(auth.Readers...), Errors: readErrors,
	}, s.release)
}

func (s *Sites) list(ctx context.Context, _ *struct{}) (*sitesOutput, error) {
	all, err := s.view.Sites(ctx, auth.From(ctx).Sees, false)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &sitesOutput{}
	out.Body.Sites = make([]api.Site, 0, len(all.Sites))
	for _, one := range all.Sites {
		out.Body.Sites = append(out.Body.Sites, one.Wire())
	}
	return out, nil
}

func (s *Sites) get(ctx context.Context, in *siteInput) (*siteOutput, error) {
	found, err := s.view.Site(ctx, in.Site)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	return &siteOutput{Body: found.Wire()}, nil
}

func (s *Sites) open(ctx context.Context, in *siteInput) (*waitingOutput, error) {
	found, err := s.view.OpenRequests(ctx, in.Site, 200)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &waitingOutput{}
	out.Body.Requests = view.Wires(found)
	return out, nil
}

func (s *Sites) schedule(ctx context.Context, in *scheduleInput) (*scheduleOutput, error) {
	found, err := s.view.Schedule(ctx, in.Site, in.Next)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	return &scheduleOutput{Body: found.Wire()}, nil
}

func (s *Sites) releases(ctx context.Context, in *releasesInput) (*releasesOutput, error) {
	found, err := s.view.Releases(ctx, in.Site, in.Limit, in.Before)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &releasesOutput{}
	out.Body.Releases = make([]api.Release, 0, len(found))
	for _, one := range found {
		out.Body.Releases = append(out.Body.Releases, one.Wire())
	}
	return out, nil
}

func (s *Sites) release(ctx context.Context, in *releaseInput) (*releaseOutput, error) {
	found, err := s.view.Release(ctx, in.Site, in.Number)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	return &releaseOutput{Body: found.Wire()}, nil
}
