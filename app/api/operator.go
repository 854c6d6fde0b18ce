package app

import (
	"context"
	"crypto/rand"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

type (
	actInput struct {
		Site string `path:"site" maxLength:"100"`
		Body api.ActInput
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

// operatorAct is something that an operator may do to a site.
type operatorAct struct {
	name, summary string
	event         func(release.Act, api.ActInput) release.Event
}

// acts are the operator's acts that need no more than who and why.
var acts = []operatorAct{
	{"pause", "Dispatch nothing, accept everything", func(act release.Act, in api.ActInput) release.Event {
		e := release.PauseSite{Act: act}
		if in.Until != nil {
			e.Until = in.Until.UTC()
		}
		return e
	}},
	{"resume", "End a pause", func(act release.Act, _ api.ActInput) release.Event { return release.ResumeSite{Act: act} }},
	{"cancel", "Stop the current release; what it should have served waits for the next request", func(act release.Act, in api.ActInput) release.Event {
		return release.CancelRelease{Act: act, Release: in.Release}
	}},
	{"reset", "End the current release whatever it does, forget failures, go on with what waits", func(act release.Act, in api.ActInput) release.Event {
		return release.ResetSite{Act: act, Release: in.Release}
	}},
	{"retry", "Release what waits at once instead of later", func(act release.Act, in api.ActInput) release.Event {
		return release.RetryNow{Act: act, Release: in.Release}
	}},
}

func (a *App) operatorRoutes(h huma.API) {
	errs := []int{400, 401, 403, 404, 409, 413, 422, 503}
	for _, act := range acts {
		huma.Register(h, huma.Operation{
			OperationID: act.name, Method: http.MethodPost, Path: "/v1/sites/{site}/" + act.name, Tags: []string{"operators"},
			Summary: act.summary, MaxBodyBytes: maxBody, Middlewares: a.allow(h, auth.Operator), Errors: errs,
		}, func(ctx context.Context, in *actInput) (*siteOutput, error) {
			return a.act(ctx, in.Site, act.event(actOf(ctx, in.Body.Actor, in.Body.Why), in.Body))
		})
	}
	huma.Register(h, huma.Operation{
		OperationID: "freeze", Method: http.MethodPost, Path: "/v1/sites/{site}/freezes", Tags: []string{"operators"},
		Summary: "Add a window in which nothing is dispatched", MaxBodyBytes: maxBody, Middlewares: a.allow(h, auth.Operator), Errors: errs,
	}, a.freeze)
	huma.Register(h, huma.Operation{
		OperationID: "thaw", Method: http.MethodDelete, Path: "/v1/sites/{site}/freezes/{id}", Tags: []string{"operators"},
		Summary: "Remove such a window", Middlewares: a.allow(h, auth.Operator), Errors: errs,
	}, func(ctx context.Context, in *thawInput) (*siteOutput, error) {
		return a.act(ctx, in.Site, release.ThawSite{Act: actOf(ctx, "", ""), ID: in.ID})
	})
}

// actOf says who acts: the token's name, and whom it speaks for if it says so.
func actOf(ctx context.Context, actor, why string) release.Act {
	by := auth.From(ctx).Name
	if actor != "" && actor != by {
		by = actor + " (" + by + ")"
	}
	return release.Act{By: by, Why: why}
}

func (a *App) freeze(ctx context.Context, in *freezeInput) (*siteOutput, error) {
	w := release.Window{ID: rand.Text()[:8], From: ledger.Now(), To: in.Body.To.UTC()}
	if in.Body.From != nil {
		w.From = in.Body.From.UTC()
	}
	return a.act(ctx, in.Site, release.FreezeSite{Act: actOf(ctx, in.Body.Actor, in.Body.Why), Window: w})
}

func (a *App) act(ctx context.Context, site string, event release.Event) (*siteOutput, error) {
	after, err := a.ledger.Decide(ctx, site, event)
	if err != nil {
		return nil, a.problems.Err(ctx, err)
	}
	// What follows only tells of it: an error there would say that nothing was done.
	return &siteOutput{Body: a.viewOf(after)}, nil
}
