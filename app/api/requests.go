package api

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Requests accepts, finds, moves and withdraws requests.
type Requests struct {
	guard
	commands *command.Commands
	view     *view.Reader
}

type askInput struct {
	Site string `path:"site" maxLength:"100"`
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"the same key is the same request, however often it is sent"`
	Body api.RequestInput
}

type askOutput struct {
	Status int
	Body   api.AskResult
}

func (q *Requests) register(h huma.API) {
	register(h, huma.Operation{
		OperationID: "ask", Method: http.MethodPost, Path: "/v1/sites/{site}/requests", Tags: []string{"requests"},
		Summary:      "Ask for a release of the site's content",
		Description:  "201 once the request is on disk; 200 when the key was used before, with the request it was used for.",
		MaxBodyBytes: maxBody, DefaultStatus: http.StatusCreated,
		Middlewares: q.allow(auth.CMS, auth.Editor, auth.Operator, auth.Run),
		Errors:      []int{400, 401, 403, 404, 413, 422, 503},
		Responses: map[string]*huma.Response{"200": {
			Description: "The key was used before: the request that it was used for",
			Content: map[string]*huma.MediaType{"application/json": {
				Schema: h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.AskResult](), true, ""),
			}},
		}},
	}, q.accept)
	register(h, huma.Operation{
		OperationID: "request", Method: http.MethodGet, Path: "/v1/requests/{id}", Tags: []string{"requests"},
		Summary:     "What became of a request",
		Middlewares: q.allow(auth.Readers...),
		Errors:      readErrors,
	}, q.get)
	q.registerFind(h)
	q.registerScheduled(h)
}

func (q *Requests) registerFind(h huma.API) {
	register(h, huma.Operation{
		OperationID: "find", Method: http.MethodGet, Path: "/v1/sites/{site}/find", Tags: []string{"requests"},
		Summary: "Find requests, also of what is long live, and changes by title, entity, address, author, reason or number; newest first", Middlewares: q.allow(auth.Readers...), Errors: readErrors,
	}, q.find)
}

func (q *Requests) registerScheduled(h huma.API) {
	errs := []int{400, 401, 403, 404, 409, 413, 422, 503}
	register(h, huma.Operation{
		OperationID: "request-move", Method: http.MethodPatch, Path: "/v1/requests/{id}", Tags: []string{"requests"},
		Summary:      "Put a scheduled request off to another time; one that has come lets it fall due",
		MaxBodyBytes: maxBody, Middlewares: q.allow(auth.CMS, auth.Editor, auth.Operator), Errors: errs,
	}, q.move)
	register(h, huma.Operation{
		OperationID: "request-withdraw", Method: http.MethodDelete, Path: "/v1/requests/{id}", Tags: []string{"requests"},
		Summary:     "Take a scheduled request back; its answer tells what became of it",
		Middlewares: q.allow(auth.CMS, auth.Editor, auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *requestInput) (*requestOutput, error) {
		return q.changed(ctx)(q.commands.Withdraw(ctx, auth.From(ctx), in.ID))
	})
}

type moveInput struct {
	ID   string `path:"id" maxLength:"100"`
	Body api.MoveInput
}

func (q *Requests) move(ctx context.Context, in *moveInput) (*requestOutput, error) {
	return q.changed(ctx)(q.commands.Move(ctx, auth.From(ctx), in.ID, in.Body.NotBefore))
}

// changed answers with a request as a change left it, or with why it was refused.
func (q *Requests) changed(ctx context.Context) func(ledger.Accepted, error) (*requestOutput, error) {
	return func(done ledger.Accepted, err error) (*requestOutput, error) {
		if err != nil {
			return nil, q.problems.Err(ctx, err)
		}
		found, err := q.view.Accepted(ctx, done)
		if err != nil {
			return nil, q.problems.Err(ctx, err)
		}
		return &requestOutput{Body: found.Wire()}, nil
	}
}

func (q *Requests) accept(ctx context.Context, in *askInput) (*askOutput, error) {
	taken, err := q.commands.Accept(ctx, auth.From(ctx), in.Site, in.Key, in.Body)
	if err != nil {
		return nil, q.problems.Err(ctx, err)
	}
	accepted, err := q.view.Accepted(ctx, taken)
	if err != nil {
		return nil, q.problems.Err(ctx, err)
	}
	status := http.StatusCreated
	if taken.Again {
		status = http.StatusOK
	}
	return &askOutput{Status: status, Body: api.AskResult{Request: accepted.Wire(), Duplicate: taken.Again}}, nil
}

type requestInput struct {
	ID string `path:"id" maxLength:"100"`
}

type requestOutput struct{ Body api.Request }

func (q *Requests) get(ctx context.Context, in *requestInput) (*requestOutput, error) {
	found, err := q.view.Request(ctx, in.ID)
	if err != nil {
		return nil, q.problems.Err(ctx, err)
	}
	if !auth.From(ctx).Sees(found.Site) {
		return nil, problem.New(http.StatusForbidden, "forbidden", "this token is not good for the request's site")
	}
	return &requestOutput{Body: found.Wire()}, nil
}

type findInput struct {
	Site  string `path:"site" maxLength:"100"`
	Q     string `query:"q" maxLength:"300" doc:"words that must all be there; each may be the beginning of one"`
	Show  string `query:"show" enum:"mine,waiting,today" doc:"only what the caller asked for, what is not live yet, or what went live today"`
	Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

type findOutput struct{ Body api.Found }

func (q *Requests) find(ctx context.Context, in *findInput) (*findOutput, error) {
	found, err := q.view.Find(ctx, in.Site, view.Search{Text: in.Q, Filter: view.Filter(in.Show), Who: auth.From(ctx).Name, Limit: in.Limit})
	if err != nil {
		return nil, q.problems.Err(ctx, err)
	}
	return &findOutput{Body: found.Wire()}, nil
}
