package replicas

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

// Claims are the replicas' claims to duties, in the ledger.
type Claims interface {
	Take(ctx context.Context, name string) (held ledger.Duty, ok bool, err error)
	Leave(ctx context.Context, held ledger.Duty) error
}

// Duties run work that one replica does for all.
type Duties struct {
	claims Claims // nil: there are no other replicas
	log    *slog.Logger
}

// NewDuties makes the Duties of an app. Claims is nil for an app that has its ledger alone.
func NewDuties(claims Claims, log *slog.Logger) *Duties { return &Duties{claims: claims, log: log} }

// tryEvery is how often a replica tries to take a duty that another one has.
const tryEvery = 2 * time.Second

// Run runs work while this replica has the duty, until ctx ends. Work begins anew each time
// that this replica takes the duty: it must expect that another replica did it meanwhile.
// Its context is fenced: the ledger refuses its writes once another replica has the duty.
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

// hold runs the work until the claim, which was asked for at an instant, is lost.
func (d *Duties) hold(ctx context.Context, held ledger.Duty, asked time.Time, work func(context.Context)) {
	why := Keep(held.Fenced(ctx), asked, func(ctx context.Context) (bool, error) {
		again, ok, err := d.claims.Take(ctx, held.Name)
		return ok && again == held, err
	}, work)
	if why != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "a duty is given up", "duty", held.Name, "error", why)
	}
	// Work that ended by itself, or with the app, leaves the duty to other replicas at once.
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), tryEvery)
	defer cancel()
	if err := d.claims.Leave(leaving, held); err != nil && !errors.Is(err, ledger.ErrClosed) {
		d.log.DebugContext(ctx, "the claim to a duty can't be given back; it expires", "duty", held.Name, "error", err)
	}
}
