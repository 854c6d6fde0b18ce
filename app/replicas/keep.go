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
	// margin is how long before the end of a claim its holder trusts it no more.
	margin = time.Second
)

// errLost: the claim is another's, or could not be renewed in time.
var errLost = errors.New("the claim was lost, or could not be renewed in time")

// trust is until when a claim is trusted, by this machine's own clock.
type trust struct{ until atomic.Pointer[time.Time] }

type trusting struct{}

func (t *trust) from(asked time.Time) {
	until := asked.Add(ledger.Lease - margin)
	t.until.Store(&until)
}

func (t *trust) over() bool { return !time.Now().Before(*t.until.Load()) }

// Still fails if the claim by which something is done may be another's by now. It is
// asked just before something is done in the world that can't be taken back: a process
// that was stopped for a while has not noticed yet.
func Still(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t, ok := ctx.Value(trusting{}).(*trust); ok && t.over() {
		return errLost
	}
	return nil
}

// Keep does work and renews its claim meanwhile, which was asked for at an instant. It
// returns when the work is over; its context ends with the claim. The error is why the
// claim was given up before the work was over.
func Keep(ctx context.Context, asked time.Time, renew func(context.Context) (bool, error), work func(context.Context)) error {
	t := &trust{}
	t.from(asked)
	working, end := context.WithCancel(context.WithValue(ctx, trusting{}, t))
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
		case <-time.After(min(renewEvery, time.Until(*t.until.Load()))):
		}
		began := time.Now()
		asking, cancel := context.WithDeadline(ctx, *t.until.Load())
		ok, err := renew(asking)
		cancel()
		if err == nil && ok {
			t.from(began)
			continue
		}
		if ok = err != nil && !t.over() && !errors.Is(err, ledger.ErrTakenOver); !ok {
			end()
			<-over
			return errors.Join(errLost, err)
		}
	}
}
