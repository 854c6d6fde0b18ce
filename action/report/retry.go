package report

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/sleep"
)

// persist makes a call until the app answers, with tries until limit.
func (r *App) persist(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	deadline := time.Now().Add(limit)
	var claimedAgain bool
	for pause := 500 * time.Millisecond; ; pause = min(2*pause, 30*time.Second) {
		err := call(ctx)
		switch {
		case err == nil:
			return nil
		case Taken(err):
			return fmt.Errorf("%w: %w", failure.ErrTakenAway, err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case IsStatus(err, http.StatusUnauthorized) && !claimedAgain:
			claimedAgain = true
			if again := r.renew(ctx); again != nil {
				return again
			}
			continue
		case !MayPass(err), failure.IsUsage(err):
			return err
		case time.Now().Add(pause).After(deadline):
			return fmt.Errorf("the app could not be reached for %s: %w", limit, err)
		}
		r.console.Say("the app can't be reached, trying again: %v", err)
		if err := sleep.For(ctx, r.asked.wait(pause)); err != nil {
			return err
		}
	}
}

// askedToWait notes the Retry-After of the app's last answer.
type askedToWait struct {
	next    http.RoundTripper
	seconds atomic.Int64
}

// RoundTrip implements http.RoundTripper.
func (a *askedToWait) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	seconds, err := strconv.ParseInt(resp.Header.Get("Retry-After"), 10, 64)
	if err != nil || seconds < 0 {
		seconds = 0
	}
	a.seconds.Store(min(seconds, 300))
	return resp, nil
}

// wait is the wait before the next try.
func (a *askedToWait) wait(otherwise time.Duration) time.Duration {
	if s := a.seconds.Load(); s > 0 {
		return time.Duration(s) * time.Second
	}
	return otherwise
}

// Pause is the wait before the next try: by the app's last Retry-After, or else as given.
func (r *App) Pause(otherwise time.Duration) time.Duration { return r.asked.wait(otherwise) }

// takenCodes are the refusals that mean that the release is not this run's.
var takenCodes = []release.Code{release.CodeOtherRun, release.CodeReleaseOver, release.CodeOldAttempt, release.CodeNoRelease, release.CodeOtherRelease}

// Taken says whether an app's answer takes the release away.
func Taken(err error) bool {
	return slices.Contains(takenCodes, release.Code(api.CodeOf(err)))
}

// MayPass says whether the next try may succeed.
func MayPass(err error) bool {
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return true // not an answer of the app's
	}
	return problem.Status >= 500 || problem.Status == http.StatusTooManyRequests || problem.Status == http.StatusRequestTimeout
}

// IsStatus says whether an error is an answer of the app's with a status.
func IsStatus(err error, status int) bool {
	problem, ok := errors.AsType[*api.Problem](err)
	return ok && problem.Status == status
}
