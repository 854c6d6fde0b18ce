package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/redact"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/tracecontext"
)

// heartbeatEvery is the interval of heartbeats that a run is asked for. The rules count a
// run's silence in minutes.
const heartbeatEvery = 15 * time.Second

// Runs takes claims, reports and measurements of runs.
type Runs struct {
	guard
	ledger *ledger.Ledger
	view   *view.Reader
	traced func(site string) bool // whether the releases of a site are traced
}

type (
	claimInput struct {
		Site string `path:"site" maxLength:"100"`
		Body api.ClaimInput
	}
	claimOutput struct{ Body api.ClaimResult }
	reportInput struct {
		Site   string `path:"site" maxLength:"100"`
		Number int64  `path:"number" minimum:"1"`
		Body   api.ReportInput
	}
	reportOutput struct{ Body api.ReportResult }
	contentInput struct {
		Site   string `path:"site" maxLength:"100"`
		Number int64  `path:"number" minimum:"1"`
		Body   api.ContentInput
	}
	contentOutput  struct{ Body api.ContentResult }
	heartbeatInput struct {
		Site   string `path:"site" maxLength:"100"`
		Number int64  `path:"number" minimum:"1"`
		Body   api.HeartbeatInput
	}
	failureInput struct {
		Site   string `path:"site" maxLength:"100"`
		Number int64  `path:"number" minimum:"1"`
		Body   api.FailureInput
	}
	metricsInput struct {
		Site   string `path:"site" maxLength:"100"`
		Number int64  `path:"number" minimum:"1"`
		Body   api.Metrics
	}
)

func (u *Runs) register(h huma.API) {
	errs := []int{400, 401, 403, 404, 409, 413, 422, 503}
	register(h, huma.Operation{
		OperationID: "claim", Method: http.MethodPost, Path: "/v1/sites/{site}/claims", Tags: []string{"runs"},
		Summary: "Take a release", Description: "One run wins, for ever. 409 tells the others why in its code: duplicate_run, release_over, not_your_turn, paused, frozen.",
		MaxBodyBytes: maxBody, Middlewares: u.allow(auth.Run, auth.Job, auth.GitHub, auth.Operator), Errors: errs,
	}, u.claim)
	register(h, huma.Operation{
		OperationID: "report", Method: http.MethodPost, Path: "/v1/sites/{site}/releases/{number}/reports", Tags: []string{"runs"},
		Summary:      "Report that the run entered a state",
		MaxBodyBytes: maxBody, Middlewares: u.allow(auth.Session), Errors: errs,
	}, u.report)
	register(h, huma.Operation{
		OperationID: "content", Method: http.MethodPost, Path: "/v1/sites/{site}/releases/{number}/content", Tags: []string{"runs"},
		Summary:      "Tell what the run has read, and of what it makes the site",
		Description:  "A release that would make what is live already ends with nothing to do: the answer then has same_as.",
		MaxBodyBytes: maxBody, Middlewares: u.allow(auth.Session), Errors: errs,
	}, u.content)
	register(h, huma.Operation{
		OperationID: "heartbeat", Method: http.MethodPost, Path: "/v1/sites/{site}/releases/{number}/heartbeats", Tags: []string{"runs"},
		Summary: "Say that the run lives", DefaultStatus: http.StatusNoContent,
		MaxBodyBytes: maxBody, Middlewares: u.allow(auth.Session), Errors: errs,
	}, u.heartbeat)
	register(h, huma.Operation{
		OperationID: "fail", Method: http.MethodPost, Path: "/v1/sites/{site}/releases/{number}/failure", Tags: []string{"runs"},
		Summary: "Say that the run failed", DefaultStatus: http.StatusNoContent,
		MaxBodyBytes: maxBody, Middlewares: u.allow(auth.Session), Errors: errs,
	}, u.fail)
	register(h, huma.Operation{
		OperationID: "metrics", Method: http.MethodPut, Path: "/v1/sites/{site}/releases/{number}/metrics", Tags: []string{"runs"},
		Summary: "Leave what the run measured", DefaultStatus: http.StatusNoContent,
		MaxBodyBytes: MaxMetrics, Middlewares: u.allow(auth.Session), Errors: errs,
	}, u.metrics)
	register(h, huma.Operation{
		OperationID: "account", Method: http.MethodPut, Path: "/v1/sites/{site}/releases/{number}/account", Tags: []string{"runs"},
		Summary: "Leave what became of every address of a bake", DefaultStatus: http.StatusNoContent,
		MaxBodyBytes: MaxMetrics, Middlewares: u.allow(auth.Session), Errors: errs,
	}, u.account)
}

func (u *Runs) claim(ctx context.Context, in *claimInput) (*claimOutput, error) {
	who := auth.From(ctx)
	ran, err := u.auth.Claim(ctx, who, in.Body)
	if err != nil {
		return nil, u.problems.Err(ctx, err)
	}
	run := toRun(ran)
	claim := release.Claim{Release: in.Body.Release, Token: in.Body.Token, Run: run}
	site, err := u.decideClaim(ctx, in.Site, claim, who)
	if err != nil {
		return nil, u.problems.Err(ctx, err)
	}
	var live *time.Time
	if at := site.NowLive().Times.Complete; !at.IsZero() {
		live = new(at.UTC())
	}
	return &claimOutput{Body: api.ClaimResult{
		TraceParent: u.traceParent(site),
		LastLiveAt:  live, Attempts: site.Failures + 1,
		Release: site.Current.Number,
		State:   site.State,
		Session: u.auth.MintSession(auth.Grant{Site: in.Site, Release: site.Current.Number, Run: run.ID, Attempt: run.Attempt}),

		HeartbeatSeconds: int(heartbeatEvery / time.Second),
		Sequence:         site.Current.Sequence,
		RollbackTo:       site.Current.RollbackTo,
		Allowed:          view.WireAllowed(site.Current.Allowed),
	}}, nil
}

// traceParent is the span of a site's current release, "" where none is traced.
func (u *Runs) traceParent(site release.Site) string {
	if !u.traced(site.Name) {
		return ""
	}
	trace := tracecontext.Of(site.Name, site.Current.Number, site.Current.Times.Requested)
	return trace.Parent(trace.Span(tracecontext.Root))
}

func (u *Runs) decideClaim(ctx context.Context, site string, claim release.Claim, who *auth.Caller) (release.Site, error) {
	if claim.Token != "" {
		return u.ledger.Decide(ctx, site, claim)
	}
	return u.ledger.ClaimTurn(ctx, ledger.Request{
		Site: site, Key: "run:" + claim.Run.ID + ":" + strconv.Itoa(claim.Run.Attempt), Source: release.FromWorkflow,
		Actor: who.Name, Link: claim.Run.URL, Reason: "a run that was started by itself",
	}, claim)
}

func toRun(r api.Run) release.Run {
	return release.Run{ID: r.ID, Attempt: r.Attempt, URL: view.WebLink(r.URL)}
}

func (u *Runs) report(ctx context.Context, in *reportInput) (*reportOutput, error) {
	if err := auth.From(ctx).Reports(in.Number, in.Body.Run); err != nil {
		return nil, err
	}
	site, err := u.ledger.Decide(ctx, in.Site, release.Report{
		Release: in.Number, Run: toRun(in.Body.Run), Sequence: in.Body.Sequence, To: in.Body.State, Note: redact.Text(in.Body.Note),
	})
	if err != nil {
		return nil, u.problems.Err(ctx, err)
	}
	out := &reportOutput{Body: api.ReportResult{Release: in.Number, State: site.State}}
	if in.Body.State != release.InProgress {
		return out, nil
	}
	if !site.Current.Watermark.IsZero() {
		out.Body.Watermark = new(site.Current.Watermark.UTC())
	}
	out.Body.RequestsTotal = site.Current.Requests.Count
	served, err := u.view.Begun(ctx, site, api.MaxServed)
	if err != nil {
		return nil, u.problems.Err(ctx, err)
	}
	if len(served) > 0 {
		out.Body.Requests = view.Wires(served)
	}
	return out, nil
}

func (u *Runs) content(ctx context.Context, in *contentInput) (*contentOutput, error) {
	if err := auth.From(ctx).Reports(in.Number, in.Body.Run); err != nil {
		return nil, err
	}
	read := release.ContentRead{Release: in.Number, Run: toRun(in.Body.Run), Sequence: in.Body.Sequence, Digest: in.Body.Digest, Consistency: in.Body.Consistency}
	if in.Body.Watermark != nil {
		read.Watermark = *in.Body.Watermark
	}
	site, err := u.ledger.Decide(ctx, in.Site, read)
	if err != nil {
		return nil, u.problems.Err(ctx, err)
	}
	now := site.Current
	if now.Number != in.Number {
		now = site.Last
	}
	return &contentOutput{api.ContentResult{Release: in.Number, SameAs: now.SameAs, Watermark: new(now.Watermark.UTC())}}, nil
}

func (u *Runs) heartbeat(ctx context.Context, in *heartbeatInput) (*struct{}, error) {
	if err := auth.From(ctx).Reports(in.Number, in.Body.Run); err != nil {
		return nil, err
	}
	_, err := u.ledger.Decide(ctx, in.Site, release.Heartbeat{Release: in.Number, Run: toRun(in.Body.Run), Note: redact.Text(in.Body.Note)})
	return nil, u.problems.Err(ctx, err)
}

func (u *Runs) fail(ctx context.Context, in *failureInput) (*struct{}, error) {
	if err := auth.From(ctx).Reports(in.Number, in.Body.Run); err != nil {
		return nil, err
	}
	_, err := u.ledger.Decide(ctx, in.Site, release.Failure{
		Release: in.Number, Run: toRun(in.Body.Run), Sequence: in.Body.Sequence, Why: redact.Text(in.Body.Why), Fault: in.Body.Fault,
		Guards: release.GuardsOf(in.Body.Guards...),
	})
	return nil, u.problems.Err(ctx, err)
}

// carriesOut refuses a session whose run does not carry the release out: documents of the
// release are its own run's to store.
func (u *Runs) carriesOut(ctx context.Context, site string, number int64) error {
	g := auth.From(ctx).Grant
	if g.Release != number {
		return problem.New(http.StatusForbidden, "forbidden", fmt.Sprintf("this session is that of release #%d", g.Release))
	}
	of, err := u.ledger.Release(ctx, site, number)
	if err != nil {
		return u.problems.Err(ctx, err)
	}
	if of.Run.ID != g.Run {
		return problem.New(http.StatusForbidden, "forbidden", fmt.Sprintf("this session is that of run %s, and release #%d is carried out by another", g.Run, number))
	}
	if of.Run.Attempt != g.Attempt {
		return problem.New(http.StatusConflict, string(release.CodeOldAttempt), fmt.Sprintf("attempt %d of run %s has taken over", of.Run.Attempt, of.Run.ID))
	}
	return nil
}

func (u *Runs) metrics(ctx context.Context, in *metricsInput) (*struct{}, error) {
	if err := u.carriesOut(ctx, in.Site, in.Number); err != nil {
		return nil, err
	}
	text, err := json.Marshal(in.Body)
	if err != nil {
		return nil, u.problems.Err(ctx, fmt.Errorf("write metrics: %w", err))
	}
	return nil, u.problems.Err(ctx, u.ledger.PutMetrics(ctx, in.Site, in.Number, string(text)))
}
