package github

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/internal/githubapp"
	"github.com/pressrun/pressrun/internal/ledger"
)

// budgets store GitHub's rate limits in the ledger, where all replicas see them. The
// ledger's times are by its own clock.
type budgets struct{ ledger ledger.Budgets }

// budgetLimit bounds how long a call of GitHub waits for the ledger.
const budgetLimit = 2 * time.Second

// Budget is the stored budget of an installation.
func (b budgets) Budget(ctx context.Context, installation int64) (githubapp.Budget, error) {
	ctx, cancel := context.WithTimeout(ctx, budgetLimit)
	defer cancel()
	known, err := b.ledger.Of(ctx, installation)
	return githubapp.Budget{
		Quota: known.Quota, Remaining: known.Remaining, Refusals: known.Refusals, Reset: here(known.Reset), Until: here(known.Until),
	}, err
}

// Update adds what an answer said.
func (b budgets) Update(ctx context.Context, installation int64, said githubapp.Budget) error {
	ctx, cancel := context.WithTimeout(ctx, budgetLimit)
	defer cancel()
	return b.ledger.Change(ctx, installation, func(known ledger.Budget) ledger.Budget {
		all := githubapp.Budget{Quota: known.Quota, Remaining: known.Remaining, Refusals: known.Refusals, Reset: here(known.Reset), Until: here(known.Until)}.With(said)
		known.Quota, known.Remaining, known.Refusals = all.Quota, all.Remaining, all.Refusals
		known.Reset, known.Until = there(all.Reset), there(all.Until)
		return known
	})
}

// Turn reserves the next instant for a call.
func (b budgets) Turn(ctx context.Context, installation int64, change bool, interval, limit time.Duration) (at time.Time, ok bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, budgetLimit)
	defer cancel()
	at, ok, err = b.ledger.Turn(ctx, installation, change, interval, limit)
	return here(at), ok, err
}

// here converts a time of the ledger's clock to this machine's, there the reverse.
func here(at time.Time) time.Time { return moved(at, -ledger.Skew()) }

func there(at time.Time) time.Time { return moved(at, ledger.Skew()) }

func moved(at time.Time, by time.Duration) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(by)
}

var _ githubapp.Budgets = budgets{}
