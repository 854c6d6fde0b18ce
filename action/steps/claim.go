package steps

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/options"
	"github.com/pressrun/pressrun/action/report"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/sleep"
)

// Claim claims the release for this run. A dispatched run gets it at once, or learns that
// another run has it; any other run waits for the site's turn.
type Claim struct {
	*Run
	options.RunFlags
	options.TurnFlags

	// CannotPublish says why the run can't publish; "" when it can.
	CannotPublish string
	// CannotBuild says why the run can't build, which a rollback need not; "" when it can.
	CannotBuild string
}

// Name implements Step.
func (Claim) Name() string { return "claim" }

// Do implements Step.
func (r Claim) Do(ctx context.Context) (Result, error) {
	if r.App == nil {
		return skipped("there is no app to claim from")
	}
	turnEnds := time.Now().Add(r.TurnLimit)
	answered := time.Now() // the app may be down for a moment at any time of a long wait
	for {
		s := r.Record.Now()
		got, err := r.App.Claim(ctx, api.ClaimInput{Release: r.Release, Token: r.DispatchToken, Run: s.Run})
		if err == nil {
			return r.claimed(got)
		}
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx)
		}
		result, wait, err := r.refusedClaim(err)
		if err != nil || result.Idle != "" {
			return result, err
		}
		ends := turnEnds
		if wait.app {
			ends = answered.Add(r.AppLimit)
		} else {
			answered = time.Now()
		}
		if !time.Now().Before(ends) {
			return Result{}, &failure.Error{Why: wait.why, Fault: wait.fault(), Code: failure.ExitNotReady}
		}
		r.Console.Say("waiting: %s", wait.why)
		if err := sleep.For(ctx, min(r.App.Pause(r.TurnInterval), max(time.Until(ends), 0))); err != nil {
			return Result{}, err
		}
	}
}

// waiting is the cause for which a claim waits: the site's turn, or an app that is down.
type waiting struct {
	why string
	app bool
}

func (w waiting) fault() release.Fault {
	if w.app {
		return release.FaultPressrun
	}
	return ""
}

func (r Claim) claimed(got api.ClaimResult) (Result, error) {
	r.App.Conceal(got.Session)
	err := r.Record.Change(func(s *state.State) {
		s.Release, s.Session, s.Heartbeat = got.Release, got.Session, got.HeartbeatSeconds
		s.RollbackTo, s.Allowed = got.RollbackTo, got.Allowed
		s.LastLive, s.Attempts = got.LastLiveAt, got.Attempts
		s.TraceParent = got.TraceParent
		s.Outcome, s.Why, s.Reported = "", "", got.State
		s.Sequence = max(s.Sequence, got.Sequence)
	})
	if err == nil && r.CannotPublish != "" { // after the claim, so that the failure is reported to the app
		err = &failure.Error{Why: r.CannotPublish, Fault: release.FaultPlatform, Code: failure.ExitUsage}
	}
	if err == nil && r.CannotBuild != "" && got.RollbackTo == 0 {
		err = &failure.Error{Why: r.CannotBuild, Fault: release.FaultBuild, Code: failure.ExitUsage}
	}
	if err == nil && r.RollbackTo != 0 && r.RollbackTo != got.RollbackTo {
		err = &failure.Error{
			Why:   fmt.Sprintf("the run was started to put release #%d back, and the app gave it release #%d, which does not: nothing was done", r.RollbackTo, got.Release),
			Fault: release.FaultPressrun, Code: failure.ExitFailed,
		}
	}
	note := fmt.Sprintf("release #%d of %s", got.Release, r.Site)
	if got.RollbackTo != 0 {
		note += fmt.Sprintf(", which puts release #%d back", got.RollbackTo)
	}
	if got.Allowed != nil {
		note += "; " + allowedWords(got.Allowed)
	}
	return Result{Note: note}, err
}

// refusedClaim decides about an app's refusal: the run ends, waits or fails.
func (r Claim) refusedClaim(err error) (Result, waiting, error) {
	if failure.IsUsage(err) {
		return Result{}, waiting{}, err
	}
	switch release.Code(api.CodeOf(err)) { //nolint:exhaustive // no claim is refused with another code
	case release.CodeDuplicateRun, release.CodeReleaseOver, release.CodeOtherRelease, release.CodeAlreadyLive:
		return Result{Idle: state.OutcomeDuplicate, Note: err.Error()}, waiting{}, nil
	case release.CodeNothingToDo:
		return Result{Idle: state.OutcomeNothing, Note: err.Error()}, waiting{}, nil
	case release.CodePaused, release.CodeFrozen:
		if r.WhenFrozen == "end" {
			return Result{Idle: state.OutcomeNothing, Note: err.Error()}, waiting{}, nil
		}
		return Result{}, waiting{why: err.Error()}, nil
	case release.CodeNotYourTurn:
		return Result{}, waiting{why: err.Error()}, nil
	}
	if report.MayPass(err) {
		return Result{}, waiting{why: "the app can't be reached: " + err.Error(), app: true}, nil
	}
	why := fmt.Sprintf("the app refused the claim: %v", err)
	if report.IsStatus(err, http.StatusUnauthorized) || report.IsStatus(err, http.StatusForbidden) {
		why = fmt.Sprintf("the app does not accept this run's token for the site %q: %v", r.Site, err)
	}
	return Result{}, waiting{}, &failure.Error{Why: why, Fault: release.FaultPressrun, Code: failure.ExitFailed, Err: err}
}
