package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/preview/pull"
)

// Previews lists previews, and has them made, extended and removed.
type Previews struct {
	guard
	previews *command.Previews
}

type (
	previewsOutput struct {
		Body struct {
			Previews []api.Preview `json:"previews"`
		}
	}
	previewOutput      struct{ Body api.Preview }
	previewCreateInput struct {
		Site string `path:"site" maxLength:"100"`
		Body api.PreviewInput
	}
	previewInput struct {
		Site string `path:"site" maxLength:"100"`
		Name string `path:"name" maxLength:"63"`
	}
	previewLifeInput struct {
		Site string `path:"site" maxLength:"100"`
		Name string `path:"name" maxLength:"63"`
		Body api.PreviewLife
	}
)

func (s *Previews) register(h huma.API) {
	const base = "/v1/sites/{site}/previews"
	errs := []int{400, 401, 403, 404, 413, 422, 503}
	may := s.allow(auth.Editor, auth.Operator)
	register(h, huma.Operation{
		OperationID: "previews", Method: http.MethodGet, Path: base, Tags: []string{"previews"},
		Summary: "The previews of a site that the app has made, those of pull requests first", Middlewares: may, Errors: readErrors,
	}, s.list)
	register(h, huma.Operation{
		OperationID: "preview-create", Method: http.MethodPost, Path: base, Tags: []string{"previews"}, DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBody,
		Summary: "Ask for a preview of a branch, a tag or a pull request; one that stands is built anew", Middlewares: may, Errors: errs,
	}, func(ctx context.Context, in *previewCreateInput) (*previewOutput, error) {
		return s.one(ctx)(s.previews.Create(ctx, auth.From(ctx), in.Site, in.Body))
	})
	register(h, huma.Operation{
		OperationID: "preview-extend", Method: http.MethodPost, Path: base + "/{name}/extend", Tags: []string{"previews"}, DefaultStatus: http.StatusAccepted, MaxBodyBytes: maxBody,
		Summary: "Let a preview stay for so many days from now on", Middlewares: may, Errors: errs,
	}, func(ctx context.Context, in *previewLifeInput) (*previewOutput, error) {
		return s.one(ctx)(s.previews.Extend(ctx, auth.From(ctx), in.Site, in.Name, in.Body.Days))
	})
	register(h, huma.Operation{
		OperationID: "preview-remove", Method: http.MethodDelete, Path: base + "/{name}", Tags: []string{"previews"}, DefaultStatus: http.StatusAccepted,
		Summary: "Remove a preview", Middlewares: may, Errors: errs,
	}, func(ctx context.Context, in *previewInput) (*previewOutput, error) {
		return s.one(ctx)(s.previews.Remove(ctx, auth.From(ctx), in.Site, in.Name))
	})
}

func (s *Previews) list(ctx context.Context, in *siteInput) (*previewsOutput, error) {
	found, err := s.previews.List(ctx, in.Site)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &previewsOutput{}
	out.Body.Previews = make([]api.Preview, 0, len(found))
	for _, one := range found {
		out.Body.Previews = append(out.Body.Previews, view.PreviewWire(one, s.previews.Address(one)))
	}
	return out, nil
}

// one answers with a preview, or with why nothing was done.
func (s *Previews) one(ctx context.Context) func(pull.State, error) (*previewOutput, error) {
	return func(state pull.State, err error) (*previewOutput, error) {
		if err != nil {
			return nil, s.problems.Err(ctx, err)
		}
		return &previewOutput{view.PreviewWire(state, s.previews.Address(state))}, nil
	}
}
