package replicas

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
)

// claims plays the ledger's: one duty, by the bubble's clock.
type claims struct {
	mu     sync.Mutex
	holder string
	until  time.Time
	away   bool
}

// of are the claims as one replica makes them.
type of struct {
	*claims
	name string
}

func (c of) Take(context.Context, string) (ledger.Duty, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.away {
		return ledger.Duty{}, false, errors.New("the database is away")
	}
	if c.holder != c.name && time.Now().Before(c.until) {
		return ledger.Duty{}, false, nil
	}
	c.holder, c.until = c.name, time.Now().Add(ledger.Lease)
	return ledger.Duty{Name: "d"}, true, nil
}

func (c of) Leave(context.Context, ledger.Duty) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holder == c.name {
		c.until = time.Time{}
	}
	return nil
}

func TestOneReplicaWorksAndAnotherOneTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &claims{}
		var mu sync.Mutex
		working := map[string]bool{}
		begin := func(name string) context.CancelFunc {
			ctx, stop := context.WithCancel(t.Context())
			d := NewDuties(of{all, name}, slog.New(slog.DiscardHandler))
			go d.Run(ctx, "d", func(ctx context.Context) {
				mu.Lock()
				working[name] = true
				if len(working) > 1 {
					t.Errorf("%v work at once", working)
				}
				mu.Unlock()
				<-ctx.Done()
				mu.Lock()
				delete(working, name)
				mu.Unlock()
			})
			return stop
		}
		who := func() (name string) {
			synctest.Wait()
			mu.Lock()
			defer mu.Unlock()
			for name = range working {
			}
			return name
		}
		stopA := begin("a")
		if got := who(); got != "a" {
			t.Fatalf("%q works", got)
		}
		stopB := begin("b")
		time.Sleep(time.Hour)
		if got := who(); got != "a" {
			t.Errorf("after an hour of renewing %q works", got)
		}
		stopA() // it leaves the duty at once
		time.Sleep(tryEvery + time.Second)
		if got := who(); got != "b" {
			t.Errorf("after the first one left %q works", got)
		}
		all.mu.Lock()
		all.away = true
		all.mu.Unlock()
		time.Sleep(ledger.Lease)
		if got := who(); got != "" {
			t.Errorf("%q works though its claim could not be renewed", got)
		}
		stopB()
		synctest.Wait()
	})
}

func TestAnAppThatHasItsLedgerAloneDoesEverything(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	done := false
	NewDuties(nil, slog.New(slog.DiscardHandler)).Run(ctx, "d", func(context.Context) {
		done = true
		stop()
	})
	if !done {
		t.Error("nothing was done")
	}
}
