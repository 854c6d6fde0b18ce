package replicas

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

// Claims are the claims of replicas to work, as the ledger keeps them.
type Claims interface {
	Take(ctx context.Context, name string) (held ledger.Duty, ok bool, err error)
	Leave(ctx context.Context, held ledger.Duty) error
}

// Duties carry work out that one replica does for all.
type Duties struct {
	claims Claims // nil: there are no others
	log    *slog.Logger
}

// NewDuties makes the Duties of an app. Claims is nil for an app that has its ledger alone.
func NewDuties(claims Claims, log *slog.Logger) *Duties { return &Duties{claims: claims, log: log} }

const (
	// tryEvery is how often a claim that another one has is asked for.
	tryEvery = 2 * time.Second
)

// Run does work for as long as this replica has the duty to, until ctx ends. Work is begun
// anew each time that the duty comes here: it knows nothing of what was done meanwhile.
// With its context nothing is written any more that another replica has taken over.
func (d *Duties) Run(ctx context.Context, name string, work func(context.Context)) {
	if d.claims == nil {
		work(ctx)
		return
	}
	for ctx.Err() == nil {
		began := time.Now()
		held, ok, err := d.claims.Take(ctx, name)
		if err != nil && ctx.Err() == nil {
			d.log.WarnContext(ctx, "a duty can't be claimed", "duty", name, "error", err)
		}
		if ok {
			d.log.DebugContext(ctx, "this replica has the duty", "duty", name)
			d.hold(ctx, held, began, work)
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(tryEvery):
		}
	}
}

// hold does the work until the claim is lost, which was asked for at an instant.
func (d *Duties) hold(ctx context.Context, held ledger.Duty, asked time.Time, work func(context.Context)) {
	why := Keep(held.Fenced(ctx), asked, func(ctx context.Context) (bool, error) {
		again, ok, err := d.claims.Take(ctx, held.Name)
		return ok && again == held, err
	}, work)
	if why != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "a duty is given up", "duty", held.Name, "error", why)
	}
	// Work that ended by itself, or with the app, leaves the duty to others at once.
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), tryEvery)
	defer cancel()
	if err := d.claims.Leave(leaving, held); err != nil && !errors.Is(err, ledger.ErrClosed) {
		d.log.DebugContext(ctx, "a duty is left to end by itself", "duty", held.Name, "error", err)
	}
}
