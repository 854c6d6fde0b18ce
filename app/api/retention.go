package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
)

// Retention tells how much history is kept.
type Retention struct {
	guard
	plan func(context.Context) (api.Retention, error)
}

type retentionOutput struct{ Body api.Retention }

func (t *Retention) register(h huma.API) {
	register(h, huma.Operation{
		OperationID: "retention", Method: http.MethodGet, Path: "/v1/retention", Tags: []string{"operator"},
		Summary: "How much of the past is kept, and what the next pass removes", Middlewares: t.allow(auth.Operator), Errors: []int{401, 403, 422, 503},
	}, t.get)
}

func (t *Retention) get(ctx context.Context, _ *struct{}) (*retentionOutput, error) {
	if p := t.auth.RefusalOfAll(auth.From(ctx), auth.Operator); p != nil {
		return nil, p
	}
	found, err := t.plan(ctx)
	if err != nil {
		return nil, t.problems.Err(ctx, err)
	}
	return &retentionOutput{found}, nil
}
