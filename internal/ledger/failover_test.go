//go:build unix

package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// The primary dies under load and its synchronous standby takes over, while sessions are
// ended and the network swallows what is said: nothing acknowledged is lost, no key is two
// requests, and the replicas go on by themselves.
func TestWhatWasAcknowledgedOutlivesAFailOver(t *testing.T) {
	primary := servers.StartPostgres(t)
	standby := primary.Standby(t)
	primary.SQL(t, `ALTER SYSTEM SET synchronous_standby_names = '*'`)
	primary.SQL(t, `SELECT pg_reload_conf()`)
	eventually.Holds(t, "the standby to be synchronous", func() bool {
		return primary.SQL(t, `SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'`) == "1"
	})
	all := replicasOn(t, servers.PostgresURL(primary.Address, standby.Address), 3)
	c := &crowd{acknowledged: map[string]string{}, over: make(chan struct{})}
	c.begin(t, all)
	c.more(t, 100)
	for range 3 { // of all sessions, in the middle of whatever they do
		primary.SQL(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
		c.more(t, 50)
	}
	primary.Kill(t)
	died := time.Now()
	standby.SQL(t, `ALTER SYSTEM SET synchronous_standby_names = ''`)
	standby.Promote(t)
	c.more(t, 100)
	stall := time.Since(died)
	c.end()
	mustBeSound(t, all[0], "www")
	lost, doubled := 0, 0
	for key, id := range c.acknowledged {
		got, _, err := request(t.Context(), all[1], id)
		if err != nil || got.Key != key {
			lost++
		}
	}
	seen := map[string]bool{}
	for _, r := range allRequests(t, all[2], "www") {
		if seen[r.Key] {
			doubled++
		}
		seen[r.Key] = true
	}
	t.Logf("acknowledged=%d lost=%d doubled=%d unknown=%d stall_seconds=%.1f", len(c.acknowledged), lost, doubled, c.unknown.Load(), stall.Seconds())
	if lost+doubled > 0 {
		t.Errorf("%d of %d acknowledged requests are lost, %d were taken twice", lost, len(c.acknowledged), doubled)
	}
}

// crowd asks without end, each request with its key until somebody acknowledges it.
type crowd struct {
	mu           sync.Mutex
	acknowledged map[string]string // ids by key
	unknown      atomic.Int64
	over         chan struct{} // closed when nobody shall ask any more
	members      sync.WaitGroup
}

func (c *crowd) begin(t *testing.T, all []*Ledger) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	for m := range 2 * len(all) {
		c.members.Go(func() {
			for n := 0; !c.ended(); n++ {
				if err := c.ask(ctx, all[(m+n)%len(all)], fmt.Sprintf("%d-%d", m, n)); err != nil {
					t.Errorf("nobody took a request within %s: %v", eventually.Patience, err)
					return
				}
			}
		})
	}
}

func (c *crowd) ended() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

// ask asks until the request is acknowledged, or nobody shall ask any more. The error is
// why it was not, for as long as anything may take.
func (c *crowd) ask(ctx context.Context, l *Ledger, key string) error {
	var last error
	for deadline := time.Now().Add(eventually.Patience); time.Now().Before(deadline); {
		r, _, err := accept(ctx, l, Request{Site: "www", Key: key, Source: release.FromContent})
		if err == nil {
			c.mu.Lock()
			c.acknowledged[key] = r.ID
			c.mu.Unlock()
			return nil
		}
		if errors.As(err, new(*Unknown)) {
			c.unknown.Add(1)
		}
		last = err
		select {
		case <-c.over:
			return nil
		case <-time.After(20 * time.Millisecond): // who is refused comes back
		}
	}
	return last
}

// more waits until so many more were acknowledged.
func (c *crowd) more(t *testing.T, n int) {
	t.Helper()
	count := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.acknowledged)
	}
	enough := count() + n
	eventually.Holds(t, "more requests to be acknowledged", func() bool { return count() >= enough })
}

func (c *crowd) end() {
	close(c.over)
	c.members.Wait()
}
