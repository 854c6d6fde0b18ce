package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/command"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
)

// Notices lists the notices of targets, and has them sent again.
type Notices struct {
	guard
	notices *command.Notices
	view    *view.Reader
}

type (
	noticesInput struct {
		Site   string `path:"site" maxLength:"100"`
		Target string `query:"target" maxLength:"100" doc:"only this target's"`
		State  string `query:"state" enum:"waiting,delivered,undelivered" doc:"only those"`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"50"`
	}
	noticesOutput struct {
		Body struct {
			Notices []api.Notice `json:"notices"`
		}
	}
	noticeInput struct {
		Site string `path:"site" maxLength:"100"`
		ID   string `path:"id" maxLength:"100"`
	}
	noticeOutput struct{ Body api.Notice }
	targetInput  struct {
		Site   string `path:"site" maxLength:"100"`
		Target string `path:"target" maxLength:"100"`
	}
	replayedOutput struct{ Body api.ReplayedResult }
)

func (s *Notices) register(h huma.API) {
	const base = "/v1/sites/{site}/"
	errs := []int{400, 401, 403, 404, 422, 503}
	register(h, huma.Operation{
		OperationID: "notices", Method: http.MethodGet, Path: base + "notices", Tags: []string{"notices"},
		Summary: "What the site's targets are told, newest first", Middlewares: s.allow(auth.Operator), Errors: readErrors,
	}, s.list)
	register(h, huma.Operation{
		OperationID: "notice", Method: http.MethodGet, Path: base + "notices/{id}", Tags: []string{"notices"},
		Summary: "One notice, with what is sent", Middlewares: s.allow(auth.Operator), Errors: readErrors,
	}, s.show)
	register(h, huma.Operation{
		OperationID: "notice-replay", Method: http.MethodPost, Path: base + "notices/{id}/replay", Tags: []string{"notices"},
		Summary: "Send a notice again that was delivered or given up", Middlewares: s.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *noticeInput) (*noticeOutput, error) {
		return s.one(ctx)(s.notices.Replay(ctx, auth.From(ctx), in.Site, in.ID))
	})
	register(h, huma.Operation{
		OperationID: "target-replay", Method: http.MethodPost, Path: base + "targets/{target}/replay", Tags: []string{"notices"},
		Summary: "Send all undelivered notices of a target again; 1000 at a time", Middlewares: s.allow(auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *targetInput) (*replayedOutput, error) {
		n, err := s.notices.ReplayAll(ctx, auth.From(ctx), in.Site, in.Target)
		return &replayedOutput{api.ReplayedResult{Replayed: n}}, s.problems.Err(ctx, err)
	})
	register(h, huma.Operation{
		OperationID: "target-test", Method: http.MethodPost, Path: base + "targets/{target}/test", Tags: []string{"notices"},
		Summary: "Send a target a notice that says that it is a test", Middlewares: s.allow(auth.Operator), Errors: errs, DefaultStatus: http.StatusAccepted,
	}, func(ctx context.Context, in *targetInput) (*noticeOutput, error) {
		return s.one(ctx)(s.notices.Test(ctx, auth.From(ctx), in.Site, in.Target))
	})
}

// one answers with a notice, or with why there is none.
func (s *Notices) one(ctx context.Context) func(ledger.Notice, error) (*noticeOutput, error) {
	return func(n ledger.Notice, err error) (*noticeOutput, error) {
		if err != nil {
			return nil, s.problems.Err(ctx, err)
		}
		return &noticeOutput{view.NoticeWire(n, true)}, nil
	}
}

func (s *Notices) list(ctx context.Context, in *noticesInput) (*noticesOutput, error) {
	_, found, err := s.view.Notices(ctx, in.Site, ledger.NoticeFilter{Target: in.Target, State: ledger.NoticeState(in.State)}, in.Limit)
	if err != nil {
		return nil, s.problems.Err(ctx, err)
	}
	out := &noticesOutput{}
	out.Body.Notices = make([]api.Notice, 0, len(found))
	for _, n := range found {
		out.Body.Notices = append(out.Body.Notices, view.NoticeWire(n, false))
	}
	return out, nil
}

func (s *Notices) show(ctx context.Context, in *noticeInput) (*noticeOutput, error) {
	return s.one(ctx)(s.view.Notice(ctx, in.Site, in.ID))
}
