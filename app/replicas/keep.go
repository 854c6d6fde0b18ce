package replicas

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

const (
	// renewEvery is how often a claim is renewed.
	renewEvery = ledger.Lease / 5
	// margin is how long before its expiry a claim counts as lost to its holder.
	margin = time.Second
)

var errLost = errors.New("the claim was lost, or could not be renewed in time")

// expiry is when a claim counts as lost, by this machine's own clock.
type expiry struct{ at atomic.Pointer[time.Time] }

type expiryKey struct{}

func (e *expiry) renewed(asked time.Time) {
	at := asked.Add(ledger.Lease - margin)
	e.at.Store(&at)
}

func (e *expiry) passed() bool { return !time.Now().Before(*e.at.Load()) }

// CheckClaim fails if the claim behind a context may have expired. It is called just before
// an irreversible call to the outside: a process that was stopped for a while has not
// noticed yet that its claim is another's.
func CheckClaim(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if e, ok := ctx.Value(expiryKey{}).(*expiry); ok && e.passed() {
		return errLost
	}
	return nil
}

// Keep runs work and renews its claim, which was asked for at an instant, meanwhile. It
// returns when the work is over; the context of the work ends with the claim. The error is
// why the claim was lost before the work was over.
func Keep(ctx context.Context, asked time.Time, renew func(context.Context) (bool, error), work func(context.Context)) error {
	e := &expiry{}
	e.renewed(asked)
	working, end := context.WithCancel(context.WithValue(ctx, expiryKey{}, e))
	defer end()
	over := make(chan struct{})
	go func() {
		defer close(over)
		work(working)
	}()
	for {
		select {
		case <-over:
			return nil
		case <-ctx.Done():
			<-over
			return nil
		case <-time.After(min(renewEvery, time.Until(*e.at.Load()))):
		}
		began := time.Now()
		asking, cancel := context.WithDeadline(ctx, *e.at.Load())
		ok, err := renew(asking)
		cancel()
		if err == nil && ok {
			e.renewed(began)
			continue
		}
		if ok = err != nil && !e.passed() && !errors.Is(err, ledger.ErrTakenOver); !ok {
			end()
			<-over
			return errors.Join(errLost, err)
		}
	}
}
