package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

// pollEvery is how often a state is asked for that somebody waits for.
const pollEvery = 500 * time.Millisecond

var errTimeout = errors.New("the time to wait is over")

// waiter follows a request and tells each step of its release once.
type waiter struct {
	client   *api.Client
	p        *printer
	progress *progress
	quiet    bool
	told     string
}

// untilLive follows a request until it is live or a release failed. It returns
// the request as it was last seen.
func (w *waiter) untilLive(ctx context.Context, r api.Request) (api.Request, error) {
	defer w.progress.clear()
	for {
		now, err := w.client.Request(ctx, r.ID)
		if err != nil {
			return r, w.ended(ctx, r, err)
		}
		r = now
		if err := w.tell(ctx, r); err != nil {
			return r, w.ended(ctx, r, err)
		}
		switch {
		case r.Standing == release.Live:
			return r, nil
		case len(r.Failed) > 0:
			return r, w.failed(ctx, r)
		}
		w.progress.show(oneLine(r.Text))
		select {
		case <-ctx.Done():
			return r, w.ended(ctx, r, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// ended tells the end of the waiting from other errors.
func (w *waiter) ended(ctx context.Context, r api.Request, err error) error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return withCode(exitTimeout, fmt.Errorf("request %s is not live yet, and %w; it still stands: %s", r.ID, errTimeout, r.Text))
	}
	return err
}

func (w *waiter) failed(ctx context.Context, r api.Request) error {
	number := r.Failed[len(r.Failed)-1]
	why := "it did not say why"
	if d, err := w.client.Release(ctx, r.Site, number); err == nil && d.Why != "" {
		why = d.Why
	}
	return withCode(exitNotLive, fmt.Errorf("release #%d of %s failed: %s\n%s\nIts output: pressrun log %d --site %s", number, r.Site, why, r.Text, number, r.Site))
}

// tell prints a line when the request or its release got further.
func (w *waiter) tell(ctx context.Context, r api.Request) error {
	if w.quiet {
		return nil
	}
	word, at := string(r.Standing), r.AcceptedAt
	switch r.Standing {
	case release.InRelease:
		d, err := w.client.Release(ctx, r.Site, r.Release)
		if err != nil {
			return err
		}
		if d.State == release.Requested {
			return nil // what it waits for is its text, shown as progress
		}
		word, at = fmt.Sprintf("release #%d is %s", r.Release, doing(d.State)), enteredAt(d.Release)
	case release.Live:
		word = fmt.Sprintf("live with release #%d", r.Release)
		if r.LiveAt != nil {
			at = *r.LiveAt
		}
	case release.Waiting, release.Scheduled:
		return nil
	}
	if word == w.told {
		return nil
	}
	w.told = word
	w.progress.clear()
	_, err := fmt.Fprintf(w.p.out, "%s  %s\n", w.p.at(at), word)
	return err
}

// doing says what a release in a state is up to.
func doing(s release.State) string {
	switch s {
	case release.Ready:
		return "over"
	case release.Requested:
		return "waiting"
	case release.Dispatched:
		return "dispatched"
	case release.Starting:
		return "starting"
	case release.InProgress:
		return "in progress"
	case release.Complete:
		return "complete"
	}
	return stateWord(s)
}

// enteredAt is when a release entered the state it is in.
func enteredAt(r api.Release) time.Time {
	at := map[release.State]*time.Time{
		release.Ready: r.Times.Ended, release.Requested: r.Times.Requested, release.Dispatched: r.Times.Dispatched,
		release.Starting: r.Times.Starting, release.InProgress: r.Times.InProgress, release.Complete: r.Times.Complete,
	}[r.State]
	if at == nil {
		return time.Time{}
	}
	return *at
}
