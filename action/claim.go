package action

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// claim takes the release for this run. A run that was dispatched has it at
// once, or learns that another run does; any other waits for the site's turn.
type claim struct{}

func (claim) Name() string { return "claim" }

func (claim) Do(ctx context.Context, j *job) (Result, error) {
	if j.app == nil {
		return skipped("there is no app to claim from")
	}
	turnEnds := time.Now().Add(j.opts.TurnLimit)
	answered := time.Now() // an app may be away for a moment at any time of a long wait
	for {
		s := j.now()
		got, err := j.app.claim(ctx, api.ClaimInput{Release: j.opts.Release, Token: j.opts.DispatchToken, Run: s.Run})
		if err == nil {
			return j.claimed(got)
		}
		if ctx.Err() != nil {
			return Result{}, context.Cause(ctx)
		}
		result, wait, err := j.refusedClaim(err)
		if err != nil || result.Idle != "" {
			return result, err
		}
		ends := turnEnds
		if wait.app {
			ends = answered.Add(j.opts.AppLimit)
		} else {
			answered = time.Now()
		}
		if !time.Now().Before(ends) {
			return Result{}, &FailError{Why: wait.why, Fault: wait.fault(), Code: ExitNotReady}
		}
		j.say("waiting: %s", wait.why)
		if err := sleep(ctx, min(j.app.asked.wait(j.opts.TurnInterval), max(time.Until(ends), 0))); err != nil {
			return Result{}, err
		}
	}
}

// waiting is what a claim waits for: the site's turn, or the app itself.
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

func (j *job) claimed(got api.ClaimResult) (Result, error) {
	j.gh.mask(got.Session)
	err := j.change(func(s *State) {
		s.Release, s.Session, s.Heartbeat = got.Release, got.Session, got.HeartbeatSeconds
		s.Outcome, s.Why, s.Reported = "", "", got.State
		s.Sequence = max(s.Sequence, got.Sequence)
	})
	if err == nil {
		err = j.cannotPublish()
	}
	return Result{Note: fmt.Sprintf("release #%d of %s", got.Release, j.opts.Site)}, err
}

// cannotPublish refuses to begin a release that can't come to its end. It comes
// after the claim, so that the app is told why.
func (j *job) cannotPublish() error {
	why := ""
	switch {
	case !j.whole:
	case j.opts.To == "":
		why = "--to: name where the site goes, or the release could never be live"
	case j.opts.DryRun:
		why = "--dry-run: a dry run carries no release out; leave --url away"
	}
	if why == "" {
		return nil
	}
	return &FailError{Why: why, Fault: release.FaultPlatform, Code: ExitUsage}
}

// refusedClaim says what an app's refusal means for the run.
func (j *job) refusedClaim(err error) (Result, waiting, error) {
	if isUsage(err) {
		return Result{}, waiting{}, err
	}
	switch release.Code(api.CodeOf(err)) { //nolint:exhaustive // all others are no claim's to be refused with, or nobody's yet
	case release.CodeDuplicateRun, release.CodeReleaseOver, release.CodeOtherRelease, release.CodeAlreadyLive:
		return Result{Idle: OutcomeDuplicate, Note: err.Error()}, waiting{}, nil
	case release.CodeNothingToDo:
		return Result{Idle: OutcomeNothing, Note: err.Error()}, waiting{}, nil
	case release.CodePaused, release.CodeFrozen:
		if j.opts.WhenFrozen == "end" {
			return Result{Idle: OutcomeNothing, Note: err.Error()}, waiting{}, nil
		}
		return Result{}, waiting{why: err.Error()}, nil
	case release.CodeNotYourTurn:
		return Result{}, waiting{why: err.Error()}, nil
	}
	if mayPass(err) {
		return Result{}, waiting{why: "the app can't be reached: " + err.Error(), app: true}, nil
	}
	why := fmt.Sprintf("the app refused the claim: %v", err)
	if isStatus(err, http.StatusUnauthorized) || isStatus(err, http.StatusForbidden) {
		why = fmt.Sprintf("the app does not accept this run's token for the site %q: %v", j.opts.Site, err)
	}
	return Result{}, waiting{}, &FailError{Why: why, Fault: release.FaultPressrun, Code: ExitFailed, Err: err}
}
