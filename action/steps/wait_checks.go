package steps

import (
	"context"
	"errors"
	"time"

	"github.com/pressrun/pressrun/action/checks"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/sleep"
)

// waitForChecks waits until the checks of the commit let the release begin, and gives the
// reason for which they do; "" when no checks are configured.
func (r WaitReady) waitForChecks(ctx context.Context) (string, error) {
	names := checks.ParseNames(r.Checks)
	if len(names) == 0 {
		return "", nil
	}
	github, err := checks.New(checks.Commit{API: r.GitHub.API(), Repository: r.GitHub.Repository(), SHA: r.GitHub.Commit(), Token: r.GitHubToken})
	if err != nil {
		return "", failure.Usage("--checks: %v", err)
	}
	began := time.Now()
	rules := checks.Rules{
		Names: names, RedWaits: r.ChecksRed == "wait", MissingGoes: r.ChecksMissing == "go",
		Grace: began.Add(r.ChecksGrace), Ends: began.Add(r.ChecksLimit),
	}
	var last string
	for {
		d, pause, err := r.look(ctx, github, rules)
		if err != nil {
			return "", err
		}
		switch d.Verdict {
		case checks.Go:
			return d.Why, nil
		case checks.Stop:
			return "", r.checksStop(d)
		case checks.Wait:
		}
		if d.Why != last {
			r.Console.Say("waiting: %s", d.Why)
			r.Console.Does("waiting: " + d.Why)
			last = d.Why
		}
		if err := sleep.For(ctx, min(pause, max(time.Until(rules.Ends), 0))); err != nil {
			return "", err
		}
	}
}

// look asks GitHub once, and decides. While GitHub does not answer, or limits the calls, the
// decision is to wait.
func (r WaitReady) look(ctx context.Context, github *checks.GitHub, rules checks.Rules) (checks.Decision, time.Duration, error) {
	all, err := github.All(ctx)
	now := time.Now()
	if err == nil {
		return checks.Decide(checks.Others(all, r.GitHub.RunID()), rules, now), r.ChecksInterval, nil
	}
	if ctx.Err() != nil {
		return checks.Decision{}, 0, context.Cause(ctx)
	}
	if refused, ok := errors.AsType[*checks.RefusedError](err); ok {
		return checks.Decision{}, 0, &failure.Error{Why: refused.Why, Fault: release.FaultPlatform, Code: failure.ExitNotReady, Err: err}
	}
	d, pause := checks.Decision{Verdict: checks.Wait, Why: err.Error()}, r.ChecksInterval
	if limited, ok := errors.AsType[*checks.LimitedError](err); ok {
		pause = max(limited.Until.Sub(now), r.ChecksInterval)
	}
	if !now.Before(rules.Ends) {
		d.Verdict = checks.Stop
	}
	return d, pause, nil
}

// checksStop is the failure of a run that checks stopped. A red check is the fault of the
// build, one that is not done in time that of the platform.
func (r WaitReady) checksStop(d checks.Decision) error {
	fail := &failure.Error{Why: d.Why, Fault: release.FaultBuild, Code: failure.ExitNotReady}
	if !d.Red {
		fail.Why, fail.Fault = "not ready within "+r.ChecksLimit.String()+": "+d.Why, release.FaultPlatform
	}
	return fail
}
