package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Hooks makes and ends the addresses of hooks, and lists their deliveries.
type Hooks struct {
	guard
	hooks  *command.Hooks
	view   *view.Reader
	ledger *ledger.Ledger
}

type (
	hookInput struct {
		Site string `path:"site" maxLength:"100"`
		Hook string `path:"hook" maxLength:"100"`
	}
	rotateInput struct {
		Site string `path:"site" maxLength:"100"`
		Hook string `path:"hook" maxLength:"100"`
		Body api.RotateInput
	}
	addressOutput struct{ Body api.HookAddress }
	hooksOutput   struct {
		Body struct {
			Hooks []api.Hook `json:"hooks"`
		}
	}
	deliveriesInput struct {
		Site  string `path:"site" maxLength:"100"`
		Hook  string `query:"hook" maxLength:"100" doc:"only this hook's"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	}
	deliveriesOutput struct {
		Body struct {
			Deliveries []api.HookDelivery `json:"deliveries"`
		}
	}
	changesOutput struct {
		Body struct {
			Changes []api.Change `json:"changes"`
		}
	}
)

func (s *Hooks) register(h huma.API) {
	const base = "/v1/sites/{site}/hooks"
	errs := []int{400, 401, 403, 404, 409, 413, 422, 503}
	register(h, huma.Operation{
		OperationID: "hooks", Method: http.MethodGet, Path: base, Tags: []string{"hooks"},
		Summary: "The hooks of a site, and since when each has an address", Middlewares: s.allow(auth.Operator), Errors: readErrors,
	}, s.list)
	register(h, huma.Operation{
		OperationID: "hook-new", Method: http.MethodPost, Path: base + "/{hook}/address", Tags: []string{"hooks"}, DefaultStatus: http.StatusCreated,
		Summary: "Make the address of a hook that has none; it is told this once", Middlewares: s.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *hookInput) (*addressOutput, error) {
		return s.address(ctx, *in, false, 0)
	})
	register(h, huma.Operation{
		OperationID: "hook-rotate", Method: http.MethodPost, Path: base + "/{hook}/rotate", Tags: []string{"hooks"}, DefaultStatus: http.StatusCreated,
		Summary: "Make another address of a hook; the old one is good for so many hours more", MaxBodyBytes: maxBody, Middlewares: s.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *rotateInput) (*addressOutput, error) {
		return s.address(ctx, hookInput{Site: in.Site, Hook: in.Hook}, true, time.Duration(in.Body.OverlapHours)*time.Hour)
	})
	register(h, huma.Operation{
		OperationID: "hook-revoke", Method: http.MethodDelete, Path: base + "/{hook}/address", Tags: []string{"hooks"}, DefaultStatus: http.StatusNoContent,
		Summary: "End all addresses of a hook at once", Middlewares: s.allow(auth.Operator), Errors: errs,
	}, s.revoke)
	register(h, huma.Operation{
		OperationID: "hook-deliveries", Method: http.MethodGet, Path: "/v1/sites/{site}/deliveries", Tags: []string{"hooks"},
		Summary: "What hooks were told, newest first, with what followed and why; the last 1000 are kept", Middlewares: s.allow(auth.Editor, auth.Operator), Errors: readErrors,
	}, s.deliveries)
	register(h, huma.Operation{
		OperationID: "changes", Method: http.MethodGet, Path: "/v1/sites/{site}/changes", Tags: []string{"hooks"},
		Summary: "What changed and goes out with the next release, newest first; at most 200", Middlewares: s.allow(auth.Readers...), Errors: readErrors,
	}, s.changes)
}

func (s *Hooks) address(ctx context.Context, in hookInput, rotate bool, overlap time.Duration) (*addressOutput, error) {
	address, err := s.hooks.New(ctx, auth.From(ctx), in.Site, in.Hook, rotate, overlap)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	return &addressOutput{Body: api.HookAddress{Site: in.Site, Hook: in.Hook, Address: address}}, nil
}

func (s *Hooks) revoke(ctx context.Context, in *hookInput) (*struct{}, error) {
	if err := s.hooks.Revoke(ctx, auth.From(ctx), in.Site, in.Hook); err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	return nil, nil
}

func (s *Hooks) list(ctx context.Context, in *siteInput) (*hooksOutput, error) {
	found, err := s.hooks.List(ctx, in.Site)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &hooksOutput{}
	out.Body.Hooks = make([]api.Hook, 0, len(found))
	for _, h := range found {
		w := api.Hook{Name: h.Name, Dialect: h.Dialect, Signed: h.Signed(), PerMinute: *h.Rate}
		for _, a := range h.Secrets {
			w.Addresses = append(w.Addresses, api.HookAddressInfo{Since: a.Made, By: a.By, Until: optional(a.Until)})
		}
		out.Body.Hooks = append(out.Body.Hooks, w)
	}
	return out, nil
}

func (s *Hooks) deliveries(ctx context.Context, in *deliveriesInput) (*deliveriesOutput, error) {
	found, err := s.ledger.HookDeliveries(ctx, in.Site, in.Hook, in.Limit)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &deliveriesOutput{}
	out.Body.Deliveries = make([]api.HookDelivery, 0, len(found))
	for _, d := range found {
		out.Body.Deliveries = append(out.Body.Deliveries, api.HookDelivery{
			ID: d.ID, At: d.Received, Hook: d.Hook, Event: d.Event, Entity: d.Entity, Title: d.Title, Actor: d.Actor,
			Decision: d.Decision, Rule: d.Rule, Why: d.Why, Request: d.Request,
		})
	}
	return out, nil
}

func (s *Hooks) changes(ctx context.Context, in *siteInput) (*changesOutput, error) {
	found, err := s.view.Changes(ctx, in.Site, view.Shown)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &changesOutput{}
	out.Body.Changes = make([]api.Change, 0, len(found))
	for _, c := range found {
		out.Body.Changes = append(out.Body.Changes, view.Change(c))
	}
	return out, nil
}

// optional is a time that is left out when there is none.
func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
