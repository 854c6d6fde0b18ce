package board

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Options are what Watch needs.
type Options struct {
	// Sites reads the state of the sites; Events follows the app's events, as
	// api.Client.Events does.
	Sites  func(context.Context) ([]api.Site, error)
	Events func(ctx context.Context, fn func(api.Event) error) error
	// App is the app's address, for the first line.
	App string
	// Interval is after how long the sites are read anew when nothing happened.
	Interval time.Duration
	Terminal *terminal.Terminal
	Printer  *terminal.Printer
}

const (
	// settle is how long the board waits for more events after one, before it reads
	// the sites: the end of a release makes several events at once.
	settle = 50 * time.Millisecond
	// tick is how often a terminal's clock and size are looked at.
	tick = 250 * time.Millisecond
	// firstTry and longestTry are the pauses before an app that is away is asked again.
	firstTry, longestTry = time.Second, 15 * time.Second
	// most is how many events are remembered to be shown.
	most = 100
)

// view shows the board's state.
type view interface {
	show(known) error
}

// known is the board's state at an instant.
type known struct {
	Sites  []api.Site
	Events []api.Event // the last ones, oldest first
	// Away is since when the app can't be reached, zero while it can, and Why is the
	// reason.
	Away time.Time
	Why  string
}

// Watch shows the sites until ctx ends, or the app refuses. An app that is away at the
// first look is an error; one that goes away later is waited for.
func Watch(ctx context.Context, o Options) (err error) {
	b := &watcher{Options: o}
	if b.now.Sites, err = o.Sites(ctx); err != nil {
		return err
	}
	if !o.Terminal.Screen || o.Printer.JSON {
		b.view = &lines{p: o.Printer, now: o.Terminal.Now, shown: map[string]string{}}
		return b.follow(ctx, nil)
	}
	screen, err := terminal.OpenScreen(o.Terminal)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, screen.Close()) }()
	b.view = &drawing{screen: screen, t: o.Terminal, p: o.Printer, app: o.App}
	clock := time.NewTicker(tick)
	defer clock.Stop()
	return b.follow(ctx, clock.C)
}

type watcher struct {
	Options
	view view
	now  known
	// pause is the time before the next try to reach an app that was away.
	pause time.Duration
}

// follow shows each event and the sites after it. beat redraws the board: the times on
// it change without an event.
func (b *watcher) follow(ctx context.Context, beat <-chan time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events, ended := make(chan api.Event), make(chan error, 1)
	go func() {
		ended <- b.Events(ctx, func(e api.Event) error {
			select {
			case events <- e:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
	next := time.NewTimer(b.Interval)
	defer next.Stop()
	if err := b.view.show(b.now); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return err
		case e := <-events:
			b.remember(e)
			next.Reset(settle)
			continue // not shown before the sites are read
		case <-beat:
		case <-next.C:
			wait, err := b.look(ctx)
			if err != nil {
				return err
			}
			next.Reset(wait)
		}
		if err := b.view.show(b.now); err != nil {
			return err
		}
	}
}

func (b *watcher) remember(e api.Event) {
	b.now.Events = append(b.now.Events, e)
	if over := len(b.now.Events) - most; over > 0 {
		b.now.Events = b.now.Events[over:]
	}
}

// look reads the sites, and returns the time until the next look. A refusal that would
// be the same the next time is an error.
func (b *watcher) look(ctx context.Context) (time.Duration, error) {
	sites, err := b.Sites(ctx)
	switch {
	case err == nil:
		b.now.Sites, b.now.Away, b.now.Why, b.pause = sites, time.Time{}, "", 0
		return b.Interval, nil
	case ctx.Err() != nil:
		return 0, ctx.Err()
	case !passes(err):
		return 0, err
	}
	if b.now.Away.IsZero() {
		b.now.Away = b.Terminal.Now()
	}
	b.now.Why = err.Error()
	b.pause = min(max(2*b.pause, firstTry), longestTry)
	return min(b.pause, max(b.Interval, settle)), nil
}

// passes says of an error that it may be gone at the next look.
func passes(err error) bool {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p.Status >= http.StatusInternalServerError || p.Status == http.StatusTooManyRequests
	}
	return exit.Code(err) == exit.Unreachable
}
