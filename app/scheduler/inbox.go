package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// Inbox brings the events of runs before the rules.
type Inbox struct {
	ledger decider
	log    *slog.Logger
	stop   context.Context //nolint:containedctx // the life of the server
}

type decider interface {
	Decide(ctx context.Context, site string, event release.Event) (release.Site, error)
}

// NewInbox makes an Inbox that keeps trying until stop ends.
func NewInbox(stop context.Context, l decider, log *slog.Logger) *Inbox {
	return &Inbox{ledger: l, log: log, stop: stop}
}

// Accept lets the rules decide about an event of a run. A refusal is no error: the event
// came too late.
func (i *Inbox) Accept(ctx context.Context, site string, event release.Event) error {
	_, err := i.ledger.Decide(ctx, site, event)
	if refusal, ok := errors.AsType[*release.Conflict](err); ok {
		i.log.Debug("an event of a run came too late", "site", site, "event", fmt.Sprintf("%T", event), "refusal", refusal.Text)
		return nil
	}
	return err
}

// Notice accepts an event that a runner noticed by itself, and tries again while the disk
// is full. It is a runner.OnEvent.
func (i *Inbox) Notice(site string, number int64, event release.Event) {
	for {
		err := i.Accept(i.stop, site, event)
		if err == nil || i.stop.Err() != nil || errors.Is(err, ledger.ErrClosed) || errors.Is(err, ledger.ErrNoSite) {
			return
		}
		i.log.Error("an event of a run can't be stored yet", "site", site, "release", number, "error", err)
		select {
		case <-time.After(retryWait):
		case <-i.stop.Done():
		}
	}
}
