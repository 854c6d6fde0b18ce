package action

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/release"
)

// lastWord bounds how long a cancelled run takes to say so. GitHub's runner
// kills 10 s after the first signal (research: github.md 6).
const lastWord = 3 * time.Second

// carryOut does the steps in order, with heartbeats from the claim on.
func (j *job) carryOut(ctx context.Context, picked []Step, all bool) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := j.heartbeats(ctx, cancel)
	err := j.doSteps(ctx, picked)
	stop()
	if err == nil {
		return j.close(all || picked[len(picked)-1].Name() == ready{}.Name())
	}
	return j.failed(ctx, err, picked)
}

func (j *job) doSteps(ctx context.Context, picked []Step) error {
	for _, step := range picked {
		if before := j.now(); before.Outcome.idle() && step.Name() != (claim{}).Name() {
			j.say("%s: skipped: %s", step.Name(), before.Why)
			return nil
		}
		result, err := j.doStep(ctx, step)
		if err != nil {
			return asFail(err, step.Name())
		}
		if result.Idle != "" {
			return j.change(func(s *State) { s.Outcome, s.Why = result.Idle, result.Note })
		}
	}
	return nil
}

// doStep does one step and takes its time.
func (j *job) doStep(ctx context.Context, step Step) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, j.cause(ctx)
	}
	j.does(step.Name())
	began := time.Now()
	endGroup := j.gh.group(step.Name())
	result, err := step.Do(ctx, j)
	if err != nil && ctx.Err() != nil {
		err = j.cause(ctx)
	}
	endGroup()
	took := StepTime{Name: step.Name(), StartedAt: began.UTC(), Seconds: time.Since(began).Seconds(), Result: "ok", Note: result.Note}
	switch {
	case err != nil:
		took.Result, took.Note = "failed", err.Error()
		j.say("%s: failed: %v", step.Name(), err)
	case result.Skipped != "":
		took.Result, took.Note = "skipped", result.Skipped
		j.say("%s: skipped: %s", step.Name(), result.Skipped)
	default:
		j.say("%s: done in %.1f s%s", step.Name(), took.Seconds, suffix(result.Note))
	}
	took.Note = cut(oneLine(took.Note), 500)
	return result, errors.Join(err, j.change(func(s *State) { s.Steps = append(s.Steps, took) }))
}

func suffix(note string) string {
	if note == "" {
		return ""
	}
	return ": " + note
}

// cause says why the run's context ended.
func (j *job) cause(ctx context.Context) error {
	cause := context.Cause(ctx)
	if errors.Is(cause, errTakenAway) {
		return cause
	}
	return fmt.Errorf("%w (%w)", errStopped, cause)
}

// close ends a run, or a part of it, in which nothing failed. Last says that
// no part follows.
func (j *job) close(last bool) error {
	err := j.change(func(s *State) {
		switch {
		case s.Outcome.idle():
		case s.Live && s.edgePending():
			s.Outcome, s.Why, s.Fault = OutcomeEdgePending, s.Edge.Why, ""
		case s.Live:
			s.Outcome, s.Why, s.Fault = OutcomeLive, "", ""
		case s.Outcome == "":
			s.Outcome = OutcomeDone
		}
	})
	if s := j.now(); last && s.Outcome.idle() {
		j.say("nothing to do: %s", s.Why)
	}
	j.publish(last)
	if s := j.now(); last && s.Outcome == OutcomeEdgePending {
		pending := &FailError{Why: "the release is live at its origin, but the CDN may still show what was replaced: " + s.Why, Fault: release.FaultPlatform, Code: ExitEdgePending}
		return errors.Join(pending, err)
	}
	return err
}

// failed tells everybody of a failure. Once the site is live nothing fails.
func (j *job) failed(ctx context.Context, err error, picked []Step) error {
	fail := asFail(err, picked[0].Name())
	fail.Why = oneLine(fail.Why) // it may have text of the build's, and is printed by others too
	if j.liveAfterAll(ctx) {
		j.gh.warning("the site is live, but afterwards: " + fail.Why)
		j.say("the site is live, but afterwards: %s", fail.Why)
		return j.close(true)
	}
	outcome := OutcomeFailed
	switch fail.Code {
	case ExitCancelled:
		outcome = OutcomeCancelled
	case ExitTakenAway:
		outcome = OutcomeTakenAway
	case ExitNotReady:
		outcome = OutcomeNotReady
	}
	saved := j.change(func(s *State) { s.Outcome, s.Why, s.Fault = outcome, fail.Why, fail.Fault })
	told := j.tellFailure(ctx, fail)
	if told != nil {
		j.say("the app could not be told of the failure: %v", told)
		saved = errors.Join(saved, j.change(func(s *State) { s.Untold = true })) // for post
	}
	if note := j.failedMetrics(ctx, fail, told == nil); note != "" {
		j.say("the figures of the run: %s", note)
	}
	j.annotate(fail)
	j.publish(true)
	if saved != nil {
		j.say("the failure could not be kept: %v", saved)
	}
	return fail
}

// liveAfterAll says whether the site is live although the run did not come to
// its end, and sees to it that the app knows.
func (j *job) liveAfterAll(run context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(run), lastWord)
	defer cancel()
	if s := j.now(); !s.Live && s.Deploy != nil && s.Deploy.Committed && j.opts.PublicURL != "" && j.markerSeen(ctx) {
		if err := j.change(func(s *State) { s.Live = true }); err != nil {
			j.say("%v", err)
		}
	}
	s := j.now()
	if !s.Live {
		return false
	}
	if j.app != nil && s.knowsNotLive() {
		ctx, cancel, limit := j.lastReport(run)
		defer cancel()
		if _, err := j.app.report(ctx, release.Complete, "", limit); err != nil {
			j.say("the site is live, but the app could not be told: %v", err)
		}
	}
	return true
}

// knowsNotLive says whether the app waits for the word that a site is live.
func (s State) knowsNotLive() bool { return s.Session != "" && s.Reported == release.InProgress }

// lastReport gives the time for the word how a run ended: much, as an app may be
// away for minutes, but little once the run is cancelled.
func (j *job) lastReport(ctx context.Context) (context.Context, context.CancelFunc, time.Duration) {
	if ctx.Err() == nil {
		return ctx, func() {}, j.opts.LiveLimit
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWord)
	return ctx, cancel, lastWord
}

// failedMetrics leaves the figures of a run that failed: how long its steps
// took, and which one it was. A cancelled run has no time for it, and one whose
// release is another's no right. Reached says whether the app answers.
func (j *job) failedMetrics(ctx context.Context, fail *FailError, reached bool) string {
	if fail.Code == ExitCancelled || fail.Code == ExitTakenAway || len(j.now().Steps) == 0 {
		return ""
	}
	limit := 10 * time.Second
	if !reached {
		limit = time.Second
	}
	return j.leaveMetrics(context.WithoutCancel(ctx), limit)
}

// tellFailure reports a failure to the app. A cancelled run has little time;
// one whose release is another's has nothing to say.
func (j *job) tellFailure(ctx context.Context, fail *FailError) error {
	if j.app == nil || j.now().Session == "" || fail.Code == ExitTakenAway {
		return nil
	}
	if fail.Code == ExitCancelled && j.opts.Supervised {
		return nil // its supervisor says "cancelled", which we can't
	}
	fault := fail.Fault
	if fault == "" {
		fault = release.FaultPressrun
	}
	ctx, cancel, limit := j.lastReport(ctx)
	defer cancel()
	return j.app.fail(ctx, cut(j.hide(fail.Why), 2000), fault, limit)
}
