package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/differences"
	"github.com/pressrun/pressrun/internal/api"
)

// Differences serves the differences between two releases of a site.
type Differences struct {
	guard
	read *differences.Reader
}

type (
	differencesInput struct {
		Site  string `path:"site" maxLength:"100"`
		From  int64  `query:"from" minimum:"0" doc:"the older release; without it what was live before the newer one"`
		To    int64  `query:"to" minimum:"0" doc:"the newer release; without it the live one"`
		Limit int    `query:"limit" minimum:"1" maximum:"500" default:"500" doc:"how many pages are listed; the first 100 have titles"`
	}
	differencesOutput struct{ Body api.Differences }
	pageTextInput     struct {
		Site string `path:"site" maxLength:"100"`
		From int64  `query:"from" minimum:"0" doc:"the older release; without it what was live before the newer one"`
		To   int64  `query:"to" minimum:"0" doc:"the newer release; without it the live one"`
		Path string `query:"path" required:"true" maxLength:"1024" doc:"the page's file, such as news/index.html"`
	}
	pageTextOutput struct{ Body api.PageText }
)

func (d *Differences) register(h huma.API) {
	errs := []int{401, 403, 404, 409, 422, 502, 503}
	register(h, huma.Operation{
		OperationID: "differences", Method: http.MethodGet, Path: "/v1/sites/{site}/differences", Tags: []string{"releases"},
		Summary:     "The pages that differ between two releases",
		Description: "Read from the site's destination: for sites that the app itself publishes, as far back as the destination keeps lists of files.",
		Middlewares: d.allow(auth.Editor, auth.Operator), Errors: errs,
	}, d.list)
	register(h, huma.Operation{
		OperationID: "page-text", Method: http.MethodGet, Path: "/v1/sites/{site}/differences/text", Tags: []string{"releases"},
		Summary:     "The old text of a page beside its new one, with the words marked that differ",
		Middlewares: d.allow(auth.Editor, auth.Operator), Errors: errs,
	}, d.text)
}

func (d *Differences) list(ctx context.Context, in *differencesInput) (*differencesOutput, error) {
	found, err := d.read.Pages(ctx, in.Site, in.From, in.To, in.Limit)
	if err != nil {
		return nil, d.problems.Err(ctx, d.read.Problem(ctx, err))
	}
	return &differencesOutput{Body: found}, nil
}

func (d *Differences) text(ctx context.Context, in *pageTextInput) (*pageTextOutput, error) {
	found, err := d.read.Text(ctx, in.Site, in.From, in.To, in.Path)
	if err != nil {
		return nil, d.problems.Err(ctx, d.read.Problem(ctx, err))
	}
	return &pageTextOutput{Body: found}, nil
}
