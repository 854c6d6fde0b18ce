package report

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/sleep"
	"github.com/pressrun/pressrun/internal/text"
)

// Heartbeats sends heartbeats every few seconds, with what the run is doing, until stop is
// called. When the app answers that the release is not this run's, the run is cancelled at
// once. Without an app it sends none.
func (r *App) Heartbeats(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	if r == nil {
		return func() {}
	}
	ctx, end := context.WithCancel(ctx)
	over := make(chan struct{})
	go func() {
		defer close(over)
		for sleep.For(ctx, r.beatEvery()) == nil {
			err := r.Beat(ctx)
			if Taken(err) {
				err = fmt.Errorf("%w: %w", failure.ErrTakenAway, err)
			}
			if errors.Is(err, failure.ErrTakenAway) {
				r.console.Say("stopping: %v", err)
				cancel(err)
				return
			}
		}
	}()
	return func() { end(); <-over }
}

func (r *App) beatEvery() time.Duration {
	if r.Heartbeat > 0 {
		return r.Heartbeat
	}
	if s := r.file.Now().Heartbeat; s > 0 {
		return time.Duration(s) * time.Second
	}
	return 15 * time.Second
}

// Beat sends one heartbeat. It sends none before the claim, and none once the site is live,
// when nothing stops the run any more.
func (r *App) Beat(ctx context.Context) error {
	r.beating.Lock()
	defer r.beating.Unlock()
	if s := r.file.Now(); s.Session == "" || s.Live || s.Outcome.Idle() {
		return nil
	}
	note := r.console.Doing()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return r.inSession(ctx, func(client *api.Client, s state.State) error {
		return client.Heartbeat(ctx, s.Site, s.Release, api.HeartbeatInput{Run: s.Run, Note: text.ShortenBytes(workflow.Line(note), 1000)})
	})
}

// ConfirmClaim asks the app once more, just before the deploy, whether the release is still
// this run's. If the app can't be reached, the deploy goes on: the lease at the destination
// keeps two deploys apart.
func (r *App) ConfirmClaim(ctx context.Context) error {
	_, s, err := r.session()
	if err != nil {
		return err
	}
	if s.Reported == release.Starting {
		return &failure.Error{
			Why:   fmt.Sprintf("release #%d has read no content yet: the build is not for it (the step in-progress comes before the build)", s.Release),
			Fault: release.FaultPressrun, Code: failure.ExitFailed,
		}
	}
	err = r.Beat(ctx)
	if Taken(err) {
		return fmt.Errorf("%w: %w", failure.ErrTakenAway, err)
	}
	if err != nil {
		r.console.Say("the app can't be reached just now; the deploy, which it let begin, goes on: %v", err)
	}
	return nil
}
