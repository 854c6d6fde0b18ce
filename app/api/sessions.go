package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Sessions lists and ends sign-ins to the pages.
type Sessions struct{ guard }

type (
	sessionsInput struct {
		Everybody bool `query:"everybody" doc:"everybody's, for operators of all sites"`
	}
	sessionsOutput struct {
		Body struct {
			Sessions []api.Session `json:"sessions"`
		}
	}
	sessionInput struct {
		ID string `path:"id" maxLength:"100"`
	}
	sessionOutput struct{ Body api.Session }
)

func (s *Sessions) register(h huma.API) {
	people := s.allow(auth.Editor, auth.Operator)
	register(h, huma.Operation{
		OperationID: "sessions", Method: http.MethodGet, Path: "/v1/sessions", Tags: []string{"sessions"},
		Summary: "Who is signed in to the pages: the caller's own sign-ins, or everybody's", Middlewares: people, Errors: readErrors,
	}, s.list)
	register(h, huma.Operation{
		OperationID: "session-end", Method: http.MethodDelete, Path: "/v1/sessions/{id}", Tags: []string{"sessions"},
		Summary: "End a sign-in: one's own, or anybody's for operators of all sites", Middlewares: people, Errors: []int{400, 401, 403, 404, 422, 503},
	}, s.end)
}

func (s *Sessions) list(ctx context.Context, in *sessionsInput) (*sessionsOutput, error) {
	who := auth.From(ctx)
	found, err := s.auth.Sessions(ctx, who, in.Everybody)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &sessionsOutput{}
	out.Body.Sessions = make([]api.Session, 0, len(found))
	for _, one := range found {
		out.Body.Sessions = append(out.Body.Sessions, s.auth.SessionWire(one, who))
	}
	return out, nil
}

func (s *Sessions) end(ctx context.Context, in *sessionInput) (*sessionOutput, error) {
	who := auth.From(ctx)
	one, err := s.auth.EndSession(ctx, who, in.ID)
	if errors.Is(err, ledger.ErrNotFound) {
		err = problem.New(http.StatusNotFound, "not_found", "there is no such sign-in, or it is not yours to end")
	}
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	return &sessionOutput{s.auth.SessionWire(one, who)}, nil
}
