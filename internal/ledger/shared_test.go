package ledger

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// changing stands for a ledger's commits.
type changing struct {
	mu   sync.Mutex
	next chan struct{}
}

func (c *changing) changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}

func (c *changing) commit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

func TestWhoeverAsksAtOnceSharesAReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c changing
		s := &Shared[string, int64]{changed: c.changed, now: time.Now, readings: map[string]*reading[int64]{}}
		var readings atomic.Int64
		read := func(context.Context) (int64, error) {
			time.Sleep(10 * time.Millisecond)
			return readings.Add(1), nil
		}
		get := func() int64 {
			n, err := s.Get(t.Context(), "www", read)
			if err != nil {
				t.Error(err)
			}
			return n
		}
		var crowd sync.WaitGroup
		for range 100 {
			crowd.Go(func() { get() })
		}
		crowd.Wait()
		if n := readings.Load(); n != 1 {
			t.Errorf("100 who asked at once had it read %d times", n)
		}
		if n := get(); n != 1 {
			t.Errorf("who asks a moment later has it read again: %d", n)
		}
		c.commit()
		if n := get(); n != 2 {
			t.Errorf("after a commit, reading %d is told", n)
		}
		time.Sleep(sharedFor)
		if n := get(); n != 3 {
			t.Errorf("when the time is over, reading %d is told", n)
		}
	})
}

// Who asks after a commit must see it, although a reading that began before goes on.
func TestAReadingThatBeganBeforeACommitIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c changing
		s := &Shared[string, string]{changed: c.changed, now: time.Now, readings: map[string]*reading[string]{}}
		content := "old"
		slow := make(chan struct{})
		go func() {
			_, _ = s.Get(t.Context(), "www", func(context.Context) (string, error) { was := content; <-slow; return was, nil })
		}()
		synctest.Wait()
		content = "new"
		c.commit()
		got, err := s.Get(t.Context(), "www", func(context.Context) (string, error) { return content, nil })
		if got != "new" || err != nil {
			t.Errorf("%q (%v)", got, err)
		}
		close(slow)
	})
}

func TestTheErrorOfOneCallerIsNobodyElses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c changing
		s := &Shared[string, string]{changed: c.changed, now: time.Now, readings: map[string]*reading[string]{}}
		gone, leave := context.WithCancel(t.Context())
		go func() {
			_, err := s.Get(gone, "www", func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the first caller is told %v", err)
			}
		}()
		synctest.Wait()
		go func() { time.Sleep(time.Millisecond); leave() }()
		got, err := s.Get(t.Context(), "www", func(context.Context) (string, error) { return "read", nil })
		if got != "read" || err != nil {
			t.Errorf("%q (%v)", got, err)
		}
	})
}
