package action

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// reporter is a run's way to its app.
type reporter struct {
	job    *job
	client *api.Client // with the credential for claims
	asked  *askedToWait
}

// openApp gets ready to talk to the app; there may be none.
func (j *job) openApp() error {
	if j.opts.URL == "" {
		return nil
	}
	if j.opts.Token == "" {
		j.opts.Token = token(j.env.get)
	}
	if j.opts.Token == "" && j.opts.TokenFile != "" {
		text, err := os.ReadFile(j.opts.TokenFile)
		if err != nil {
			return usage("--token-file: %v", err)
		}
		j.opts.Token = strings.TrimSpace(string(text))
	}
	asked := &askedToWait{next: http.DefaultTransport}
	client, err := api.NewClient(j.opts.URL, j.opts.Token, api.Options{Tries: 3, Transport: asked, UserAgent: "pressrun-action"})
	if err != nil {
		return usage("--url: %v", err)
	}
	j.gh.mask(j.opts.Token)
	j.gh.mask(j.state.Session)
	j.app = &reporter{job: j, client: client, asked: asked}
	return nil
}

// askedToWait remembers what the app last answered as Retry-After.
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

// wait is how long to wait before asking again.
func (a *askedToWait) wait(otherwise time.Duration) time.Duration {
	if s := a.seconds.Load(); s > 0 {
		return time.Duration(s) * time.Second
	}
	return otherwise
}

// session is the client for all calls after the claim.
func (r *reporter) session() (*api.Client, State, error) {
	s := r.job.now()
	if s.Session == "" {
		return nil, s, usage("this run has not claimed a release: run `pressrun action claim` first, with the same --state-file")
	}
	return r.client.WithToken(s.Session), s, nil
}

// takenCodes are the refusals that mean that the release is not this run's.
var takenCodes = []release.Code{release.CodeOtherRun, release.CodeReleaseOver, release.CodeOldAttempt, release.CodeNoRelease, release.CodeOtherRelease}

// taken says whether an app's answer takes the release away.
func taken(err error) bool {
	return slices.Contains(takenCodes, release.Code(api.CodeOf(err)))
}

// mayPass says whether an error may be gone at the next try.
func mayPass(err error) bool {
	problem, ok := errors.AsType[*api.Problem](err)
	if !ok {
		return true // not an answer of the app's
	}
	return problem.Status >= 500 || problem.Status == http.StatusTooManyRequests || problem.Status == http.StatusRequestTimeout
}

// report tells the app of a state, for as long as limit. The same sequence is
// sent each time, and no other report ever has it.
func (r *reporter) report(ctx context.Context, state release.State, note string, limit time.Duration) (api.ReportResult, error) {
	if err := r.job.change(func(s *State) { s.Sequence++ }); err != nil {
		return api.ReportResult{}, err
	}
	var out api.ReportResult
	err := r.persist(ctx, limit, func(ctx context.Context) error {
		client, s, err := r.session()
		if err != nil {
			return err
		}
		out, err = client.Report(ctx, s.Site, s.Release, api.ReportInput{Run: s.Run, Sequence: s.Sequence, State: state, Note: note})
		return err
	})
	if err != nil {
		return out, err
	}
	return out, r.job.change(func(s *State) { s.Reported = state })
}

// fail tells the app of a failure, for as long as limit.
func (r *reporter) fail(ctx context.Context, why string, fault release.Fault, limit time.Duration) error {
	if err := r.job.change(func(s *State) { s.Sequence++ }); err != nil {
		return err
	}
	err := r.persist(ctx, limit, func(ctx context.Context) error {
		client, s, err := r.session()
		if err != nil {
			return err
		}
		return client.Fail(ctx, s.Site, s.Release, api.FailureInput{Run: s.Run, Sequence: s.Sequence, Why: why, Fault: fault})
	})
	if errors.Is(err, errTakenAway) {
		return nil // it knows already
	}
	return err
}

// inSession makes a call once, and once more in a new session when the app no
// longer knows the one that there is.
func (r *reporter) inSession(ctx context.Context, call func(*api.Client, State) error) error {
	client, s, err := r.session()
	if err != nil {
		return err
	}
	if err = call(client, s); !isStatus(err, http.StatusUnauthorized) {
		return err
	}
	if err := r.renew(ctx); err != nil {
		return err
	}
	if client, s, err = r.session(); err != nil {
		return err
	}
	return call(client, s)
}

// persist makes a call until the app answers, for as long as limit.
func (r *reporter) persist(ctx context.Context, limit time.Duration, call func(context.Context) error) error {
	deadline := time.Now().Add(limit)
	var claimedAgain bool
	for pause := 500 * time.Millisecond; ; pause = min(2*pause, 30*time.Second) {
		err := call(ctx)
		switch {
		case err == nil:
			return nil
		case taken(err):
			return fmt.Errorf("%w: %w", errTakenAway, err)
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isStatus(err, http.StatusUnauthorized) && !claimedAgain:
			claimedAgain = true
			if again := r.renew(ctx); again != nil {
				return again
			}
			continue
		case !mayPass(err), isUsage(err):
			return err
		case time.Now().Add(pause).After(deadline):
			return fmt.Errorf("the app was not to be reached for %s: %w", limit, err)
		}
		r.job.say("the app can't be reached, trying again: %v", err)
		if err := sleep(ctx, r.asked.wait(pause)); err != nil {
			return err
		}
	}
}

// renew gets a new session for the release that this run already has: an app
// may forget sessions, and answers the run that has the release as before.
func (r *reporter) renew(ctx context.Context) error {
	s := r.job.now()
	got, err := r.claim(ctx, api.ClaimInput{Release: r.job.opts.Release, Token: r.job.opts.DispatchToken, Run: s.Run})
	if isStatus(err, http.StatusConflict) { // whatever the reason: it is not this run's
		return fmt.Errorf("%w: %w", errTakenAway, err)
	}
	if err != nil {
		return fmt.Errorf("the app no longer knows this run's session: %w", err)
	}
	if got.Release != s.Release {
		r.giveBack(ctx, s, got)
		return fmt.Errorf("%w: the app gave release %d instead of %d", errTakenAway, got.Release, s.Release)
	}
	r.job.gh.mask(got.Session)
	return r.job.change(func(s *State) { s.Session = got.Session })
}

// giveBack lets go of a release that was given for another one, which is over:
// it would wait for this run until the app gives it up.
func (r *reporter) giveBack(ctx context.Context, s State, got api.ClaimResult) {
	why := fmt.Sprintf("it was given to a run of release #%d, which is over", s.Release)
	err := r.client.WithToken(got.Session).Fail(ctx, s.Site, got.Release, api.FailureInput{Run: s.Run, Sequence: max(s.Sequence, got.Sequence) + 1, Why: why, Fault: release.FaultPressrun})
	if err != nil {
		r.job.say("release #%d was given to this run by mistake and could not be given back: %v", got.Release, err)
	}
}

func isStatus(err error, status int) bool {
	problem, ok := errors.AsType[*api.Problem](err)
	return ok && problem.Status == status
}

func isUsage(err error) bool {
	_, ok := errors.AsType[*UsageError](err)
	return ok
}

// heartbeats tells the app every few seconds that the run lives and what it
// does. When the app answers that the release is not this run's, the run ends
// at once. The function that it returns ends it.
func (j *job) heartbeats(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	if j.app == nil {
		return func() {}
	}
	ctx, end := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for sleep(ctx, j.beatEvery()) == nil {
			err := j.beat(ctx)
			if taken(err) {
				err = fmt.Errorf("%w: %w", errTakenAway, err)
			}
			if errors.Is(err, errTakenAway) {
				j.say("stopping: %v", err)
				cancel(err)
				return
			}
		}
	}()
	return func() { end(); <-over }
}

func (j *job) beatEvery() time.Duration {
	if j.opts.Heartbeat > 0 {
		return j.opts.Heartbeat
	}
	if s := j.now().Heartbeat; s > 0 {
		return time.Duration(s) * time.Second
	}
	return 15 * time.Second
}

// beat sends one heartbeat. There is none before the claim, and none after the
// site is live: nothing stops the run then.
func (j *job) beat(ctx context.Context) error {
	if s := j.now(); s.Session == "" || s.Live || s.Outcome.idle() {
		return nil
	}
	j.mu.Lock()
	note := j.doing
	j.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return j.app.inSession(ctx, func(client *api.Client, s State) error {
		return client.Heartbeat(ctx, s.Site, s.Release, api.HeartbeatInput{Run: s.Run, Note: cut(oneLine(note), 1000)})
	})
}
