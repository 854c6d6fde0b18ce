package action

import (
	"context"
	"errors"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/steps"
	"github.com/pressrun/pressrun/action/summary"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// lastReportLimit bounds the last report of a cancelled run. GitHub's runner kills it 10 s
// after the first signal
// (https://docs.github.com/en/actions/reference/workflow-cancellation-reference).
const lastReportLimit = 3 * time.Second

// close ends a run, or one step of it, without a failure. last says that no step follows.
func (j *run) close(last bool) error {
	err := j.Record.Change(func(s *state.State) {
		switch {
		case s.Outcome.Idle():
		case s.Live && s.EdgePending():
			s.Outcome, s.Why, s.Fault = state.OutcomeEdgePending, s.Edge.Why, ""
		case s.Live:
			s.Outcome, s.Why, s.Fault = state.OutcomeLive, "", ""
		case s.Outcome == "":
			s.Outcome = state.OutcomeDone
		}
	})
	if s := j.Record.Now(); last && s.Outcome.Idle() {
		j.Console.Say("nothing to do: %s", s.Why)
	}
	j.publish(last)
	if s := j.Record.Now(); last && s.Outcome == state.OutcomeEdgePending {
		pending := &failure.Error{Why: "the release is live at its origin, but the CDN may still show what was replaced: " + s.Why, Fault: release.FaultPlatform, Code: failure.ExitEdgePending}
		return errors.Join(pending, err)
	}
	return err
}

// failed ends a run that failed: it reports the failure to the app, GitHub and people. Once
// the site is live it is a warning only.
func (j *run) failed(ctx context.Context, err error, picked []steps.Step) error {
	fail := failure.Of(err, picked[0].Name())
	fail.Why = workflow.Line(j.Console.Hide(fail.Why)) // it may have text of the build's, and is printed by others too
	if j.alreadyLive(ctx) {
		j.GitHub.Warning("the site is live, but afterwards: " + fail.Why)
		j.Console.Say("the site is live, but afterwards: %s", fail.Why)
		return j.close(true)
	}
	outcome := state.OutcomeFailed
	switch fail.Code {
	case failure.ExitCancelled:
		outcome = state.OutcomeCancelled
	case failure.ExitTakenAway:
		outcome = state.OutcomeTakenAway
	case failure.ExitNotReady:
		outcome = state.OutcomeNotReady
	}
	saved := j.Record.Change(func(s *state.State) { s.Outcome, s.Why, s.Fault, s.Guards = outcome, fail.Why, fail.Fault, fail.Guards })
	unreported := j.reportFailure(ctx, fail)
	if unreported != nil {
		j.Console.Say("the failure could not be reported to the app: %v", unreported)
		saved = errors.Join(saved, j.Record.Change(func(s *state.State) { s.Untold = true })) // for post
	}
	if note := j.failedMetrics(ctx, fail, unreported == nil); note != "" {
		j.Console.Say("the figures of the run: %s", note)
	}
	j.annotate(fail)
	j.publish(true)
	if saved != nil {
		j.Console.Say("the failure could not be stored: %v", saved)
	}
	return fail
}

// alreadyLive says whether the site is live although the run did not come to its end, and if
// so reports it to the app.
func (j *run) alreadyLive(run context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(run), lastReportLimit)
	defer cancel()
	if s := j.Record.Now(); !s.Live && steps.MarkerSeen(ctx, j.options.PublicURL, s) {
		if err := j.Record.Change(func(s *state.State) { s.Live = true }); err != nil {
			j.Console.Say("%v", err)
		}
	}
	s := j.Record.Now()
	if !s.Live {
		return false
	}
	if j.App != nil && s.AppAwaitsLive() {
		ctx, cancel, limit := j.lastReport(run)
		defer cancel()
		if _, err := j.App.Report(ctx, release.Complete, "", limit); err != nil {
			j.Console.Say("the site is live, but it could not be reported to the app: %v", err)
		}
	}
	return true
}

// lastReport bounds the report of a run's end: by minutes, since the app may be down, but by
// seconds once the run is cancelled.
func (j *run) lastReport(ctx context.Context) (context.Context, context.CancelFunc, time.Duration) {
	if ctx.Err() == nil {
		return ctx, func() {}, j.options.LiveLimit
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastReportLimit)
	return ctx, cancel, lastReportLimit
}

// failedMetrics leaves the figures of a failed run: how long its steps took, and which one
// failed. A cancelled run has no time for it, and one whose release was taken away may not.
// reached says whether the app answers.
func (j *run) failedMetrics(ctx context.Context, fail *failure.Error, reached bool) string {
	if fail.Code == failure.ExitCancelled || fail.Code == failure.ExitTakenAway || len(j.Record.Now().Steps) == 0 {
		return ""
	}
	limit := 10 * time.Second
	if !reached {
		limit = time.Second
	}
	return j.figures.Leave(context.WithoutCancel(ctx), limit)
}

// reportFailure reports a failure to the app. A cancelled run has little time; one whose
// release was taken away reports nothing.
func (j *run) reportFailure(ctx context.Context, fail *failure.Error) error {
	if j.App == nil || j.Record.Now().Session == "" || fail.Code == failure.ExitTakenAway {
		return nil
	}
	if fail.Code == failure.ExitCancelled && j.options.Supervised {
		return nil // its supervisor reports "cancelled", which a run can't
	}
	fault := fail.Fault
	if fault == "" {
		fault = release.FaultPressrun
	}
	ctx, cancel, limit := j.lastReport(ctx)
	defer cancel()
	return j.App.Fail(ctx, api.FailureInput{
		Why: text.ShortenBytes(j.Console.Hide(fail.Why), 2000), Fault: fault, Guards: fail.Guards,
	}, limit)
}

// publish gives the result to GitHub: outputs for later steps, and after the last step the
// job's summary.
func (j *run) publish(last bool) {
	s := j.Record.Now()
	r := summary.Of(s, j.options.PublicURL, j.Console.Hide)
	r.Output(j.GitHub, j.figures.Path(), j.Record.Path())
	if last {
		j.GitHub.Summary(r.Markdown(s.Titles))
	}
}
