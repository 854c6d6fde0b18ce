package app

import (
	"context"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

type askInput struct {
	Site string `path:"site" maxLength:"100"`
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"the same key is the same request, however often it is sent"`
	Body api.RequestInput
}

type askOutput struct {
	Status int
	Body   api.AskResult
}

func (a *App) requestRoutes(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "ask", Method: http.MethodPost, Path: "/v1/sites/{site}/requests", Tags: []string{"requests"},
		Summary:      "Ask for a release of the site's content",
		Description:  "201 once the request is on disk; 200 when the key was used before, with the request it was used for.",
		MaxBodyBytes: maxBody, DefaultStatus: http.StatusCreated,
		Middlewares: a.allow(h, auth.CMS, auth.Editor, auth.Operator, auth.Run),
		Errors:      []int{400, 401, 403, 404, 413, 422, 503},
		Responses: map[string]*huma.Response{"200": {
			Description: "The key was used before: the request that it was used for",
			Content: map[string]*huma.MediaType{"application/json": {
				Schema: h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[api.AskResult](), true, ""),
			}},
		}},
	}, a.ask)
	huma.Register(h, huma.Operation{
		OperationID: "request", Method: http.MethodGet, Path: "/v1/requests/{id}", Tags: []string{"requests"},
		Summary:     "What became of a request",
		Middlewares: a.allow(h, auth.Readers...),
		Errors:      readErrors,
	}, a.getRequest)
}

func (a *App) ask(ctx context.Context, in *askInput) (*askOutput, error) {
	who := auth.From(ctx)
	if !who.MayAskAs(in.Body.Source) {
		return nil, problem.New(http.StatusForbidden, "forbidden", "a token of role "+string(who.Role)+" may not ask as "+string(in.Body.Source)+"; it may as "+who.Sources())
	}
	if err := checkRequest(in.Body, ledger.Now()); err != nil {
		return nil, err
	}
	taken, err := a.takeIn(ctx, in.Site, in.Key, in.Body, who)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	view, err := a.takenView(ctx, taken)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	status := http.StatusCreated
	if taken.Again {
		status = http.StatusOK
	}
	return &askOutput{Status: status, Body: api.AskResult{Request: view, Duplicate: taken.Again}}, nil
}

// accept is takeIn for whoever needs no more than the request.
func (a *App) accept(ctx context.Context, site, key string, in api.RequestInput, who *auth.Caller) (ledger.Request, bool, error) {
	t, err := a.takeIn(ctx, site, key, in, who)
	return t.Request, t.Again, err
}

// takeIn takes a request in for the API and the pages alike.
func (a *App) takeIn(ctx context.Context, site, key string, in api.RequestInput, who *auth.Caller) (ledger.Taken, error) {
	r := ledger.Request{
		Site: site, Key: who.Key(key), Source: in.Source, Actor: in.Actor, Title: in.Title,
		Link: in.Link, Entity: in.Entity, Reason: in.Reason,
	}
	if !who.Local {
		r.Via = who.Name
	}
	if r.Actor == "" {
		r.Actor = who.Name
	}
	if in.NotBefore != nil {
		r.NotBefore = in.NotBefore.UTC().Truncate(time.Microsecond)
	}
	return a.ledger.Take(ctx, r)
}

// maxAhead bounds how far ahead a request may be scheduled.
const maxAhead = 2 * 366 * 24 * time.Hour

// checkRequest refuses what a schema can't: links that are no web addresses
// (a page must never carry a javascript: link), dates nobody means.
func checkRequest(in api.RequestInput, now time.Time) error {
	for field, text := range map[string]string{
		"actor": in.Actor, "title": in.Title, "link": in.Link, "entity": in.Entity, "reason": in.Reason,
	} {
		if strings.ContainsRune(text, 0) {
			return problem.Invalid("body."+field, "must not contain the character NUL") // which PostgreSQL can't store
		}
	}
	if in.Link != "" {
		u, err := url.Parse(in.Link)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return problem.Invalid("body.link", "must be an http or https address")
		}
	}
	if in.NotBefore != nil && in.NotBefore.After(now.Add(maxAhead)) {
		return problem.Invalid("body.not_before", "lies more than two years ahead")
	}
	return nil
}

type requestInput struct {
	ID string `path:"id" maxLength:"100"`
}

type requestOutput struct{ Body api.Request }

func (a *App) getRequest(ctx context.Context, in *requestInput) (*requestOutput, error) {
	r, fate, err := a.ledger.Request(ctx, in.ID)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	if !auth.From(ctx).Sees(r.Site) {
		return nil, problem.New(http.StatusForbidden, "forbidden", "this token is not good for the request's site")
	}
	view, err := a.requestWithFate(ctx, r, fate)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	return &requestOutput{Body: view}, nil
}
