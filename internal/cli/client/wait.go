package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// pollEvery is how often a state that a command waits for is read.
const pollEvery = 500 * time.Millisecond

var errTimeout = errors.New("the time to wait is over")

// waiter follows a request and prints each step of its release once.
type waiter struct {
	client   *api.Client
	p        printer
	progress *terminal.Progress
	quiet    bool
	printed  map[string]bool
}

// untilLive follows a request until it is live or a release failed. It returns
// the request as it was last seen.
func (w *waiter) untilLive(ctx context.Context, r api.Request) (api.Request, error) {
	defer w.progress.Clear()
	for {
		now, err := w.client.Request(ctx, r.ID)
		if err != nil {
			return r, w.ended(ctx, r, err)
		}
		r = now
		if err := w.report(ctx, r); err != nil {
			return r, w.ended(ctx, r, err)
		}
		switch {
		case r.Status == release.Live:
			return r, nil
		case len(r.Failed) > 0:
			return r, w.failed(ctx, r)
		}
		w.progress.Show(text.OneLine(r.Text))
		select {
		case <-ctx.Done():
			return r, w.ended(ctx, r, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// ended turns the end of the time to wait into an error of its own.
func (w *waiter) ended(ctx context.Context, r api.Request, err error) error {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return exit.With(exit.Timeout, fmt.Errorf("request %s is not live yet, and %w; it still stands: %s", r.ID, errTimeout, r.Text))
	}
	return err
}

func (w *waiter) failed(ctx context.Context, r api.Request) error {
	number := r.Failed[len(r.Failed)-1]
	why := "it did not say why"
	if d, err := w.client.Release(ctx, r.Site, number); err == nil && d.Why != "" {
		why = d.Why
	}
	return exit.With(exit.NotLive, fmt.Errorf("release #%d of %s failed: %s\n%s\nIts output: pressrun log %d --site %s", number, r.Site, why, r.Text, number, r.Site))
}

// report prints a line for each state that the release of a request has reached
// since the last look.
func (w *waiter) report(ctx context.Context, r api.Request) error {
	if w.quiet || r.Release == 0 || r.Status != release.InRelease && r.Status != release.Live {
		return nil // what it waits for is its text, shown as progress
	}
	d, err := w.client.Release(ctx, r.Site, r.Release)
	if err != nil {
		return err
	}
	for _, s := range Passages(d.Release) {
		if err := w.line(r.TimeZone, s.At, fmt.Sprintf("release #%d is %s", r.Release, StateWord(s.State))); err != nil {
			return err
		}
	}
	if r.Status == release.Live && r.LiveAt != nil {
		return w.line(r.TimeZone, *r.LiveAt, fmt.Sprintf("live with release #%d", r.Release))
	}
	return nil
}

// line prints a text, unless it has been printed.
func (w *waiter) line(zone string, at time.Time, text string) error {
	if w.printed[text] {
		return nil
	}
	w.printed[text] = true
	w.progress.Clear()
	_, err := fmt.Fprintf(w.p.Out, "%s  %s\n", w.p.In(zone).At(at), text)
	return err
}

// Passage is when a release entered a state.
type Passage struct {
	State release.State
	At    time.Time
}

// Passages lists the states from the dispatch on that a release has entered.
func Passages(r api.Release) []Passage {
	var all []Passage
	for _, s := range []struct {
		state release.State
		at    *time.Time
	}{
		{release.Dispatched, r.Times.Dispatched},
		{release.Starting, r.Times.Starting},
		{release.InProgress, r.Times.InProgress},
		{release.Complete, r.Times.Complete},
	} {
		if s.at != nil {
			all = append(all, Passage{s.state, *s.at})
		}
	}
	return all
}
