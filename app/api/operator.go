package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// Operator carries out the acts of operators.
type Operator struct {
	guard
	commands *command.Commands
	view     *view.Reader
}

type (
	actInput struct {
		Site string `path:"site" maxLength:"100"`
		Body api.ActInput
	}
	rollbackInput struct {
		Site string `path:"site" maxLength:"100"`
		Body api.RollbackInput
	}
	allowInput struct {
		Site string `path:"site" maxLength:"100"`
		Body api.AllowInput
	}
	freezeInput struct {
		Site string `path:"site" maxLength:"100"`
		Body api.FreezeInput
	}
	thawInput struct {
		Site string `path:"site" maxLength:"100"`
		ID   string `path:"id" maxLength:"100"`
	}
)

func (o *Operator) register(h huma.API) {
	errs := []int{400, 401, 403, 404, 409, 413, 422, 503}
	for _, act := range command.Acts {
		register(h, huma.Operation{
			OperationID: act.Name, Method: http.MethodPost, Path: "/v1/sites/{site}/" + act.Name, Tags: []string{"operators"},
			Summary: act.Summary, MaxBodyBytes: maxBody, Middlewares: o.allow(auth.Operator), Errors: errs,
		}, func(ctx context.Context, in *actInput) (*siteOutput, error) {
			return o.siteAfter(ctx)(o.commands.Do(ctx, auth.From(ctx), in.Site, act, in.Body))
		})
	}
	register(h, huma.Operation{
		OperationID: "allow", Method: http.MethodPost, Path: "/v1/sites/{site}/allow", Tags: []string{"operators"},
		Summary:      "Release again what guards stopped, and let them pass once",
		Description:  "At once, as retry does. The guards are let pass in that one release; the next is judged by all of them.",
		MaxBodyBytes: maxBody, Middlewares: o.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *allowInput) (*siteOutput, error) {
		return o.siteAfter(ctx)(o.commands.Allow(ctx, auth.From(ctx), in.Site, in.Body))
	})
	register(h, huma.Operation{
		OperationID: "rollback", Method: http.MethodPost, Path: "/v1/sites/{site}/rollback", Tags: []string{"operators"},
		Summary:      "Put an earlier release back",
		Description:  "A release of its own, which the site's runner carries out at once and without a build. Afterwards the site is held until a person asks for a release.",
		MaxBodyBytes: maxBody, Middlewares: o.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *rollbackInput) (*siteOutput, error) {
		return o.siteAfter(ctx)(o.commands.Rollback(ctx, auth.From(ctx), in.Site, in.Body))
	})
	register(h, huma.Operation{
		OperationID: "freeze", Method: http.MethodPost, Path: "/v1/sites/{site}/freezes", Tags: []string{"operators"},
		Summary: "Add a window in which nothing is dispatched", MaxBodyBytes: maxBody, Middlewares: o.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *freezeInput) (*siteOutput, error) {
		return o.siteAfter(ctx)(o.commands.Freeze(ctx, auth.From(ctx), in.Site, in.Body))
	})
	register(h, huma.Operation{
		OperationID: "thaw", Method: http.MethodDelete, Path: "/v1/sites/{site}/freezes/{id}", Tags: []string{"operators"},
		Summary: "Remove such a window", Middlewares: o.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *thawInput) (*siteOutput, error) {
		return o.siteAfter(ctx)(o.commands.Thaw(ctx, auth.From(ctx), in.Site, in.ID))
	})
}

// siteAfter answers with the site as an act left it. It reads nothing: an error of a read
// would tell the caller that nothing was done.
func (o *Operator) siteAfter(ctx context.Context) func(release.Site, error) (*siteOutput, error) {
	return func(after release.Site, err error) (*siteOutput, error) {
		if err != nil {
			return nil, o.problems.Err(ctx, err)
		}
		return &siteOutput{Body: o.view.Decided(ctx, after).Wire()}, nil
	}
}
