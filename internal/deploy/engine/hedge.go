package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

const (
	// hedgeSize is the largest file that is sent a second time: a larger one is
	// slow because of the line, and S3's advice is for up to this size.
	hedgeSize = 512 << 10
	// hedgePatience is the least time to wait before that (S3 user guide,
	// "Performance design patterns": retry small requests after 2 seconds).
	hedgePatience = 2 * time.Second
	// hedgeShare is one in how many writes may be sent twice, so that a store
	// which is slow altogether is not asked for twice as much.
	hedgeShare = 20
)

// hedge sends a write a second time when the store is far slower with it than
// with the others: now and then one lands on a bad disk or a dead connection, and
// a whole phase would wait for it (Dean and Barroso, "The Tail at Scale").
//
// How long is too long follows from the others, as in RFC 6298 (2.3).
type hedge struct {
	mu    sync.Mutex
	mean  time.Duration
	vary  time.Duration // mean deviation
	done  int
	again int64
}

// patience is how long to wait for an answer.
func (h *hedge) patience() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(hedgePatience, h.mean+4*h.vary)
}

func (h *hedge) learn(took time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done++; h.done == 1 {
		h.mean, h.vary = took, took/2
		return
	}
	h.vary += ((took - h.mean).Abs() - h.vary) / 4
	h.mean += (took - h.mean) / 8
}

// allow takes one from what may be sent twice.
func (h *hedge) allow() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if int64(h.done) < (h.again+1)*hedgeShare {
		return false
	}
	h.again++
	return true
}

// sent counts the writes that were sent twice.
func (h *hedge) sent() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.again
}

// do carries a write out, twice when need be. Send must be safe to run twice at
// once; the one that is not needed is cancelled and waited for. A failed
// condition counts only when both have failed: it may be the other that has
// changed the file.
func (h *hedge) do(ctx context.Context, send func(context.Context) (store.Written, error)) (store.Written, error) {
	firstCtx, stopFirst := context.WithCancel(ctx)
	defer stopFirst()
	secondCtx, stopSecond := context.WithCancel(ctx)
	defer stopSecond()
	var second store.Written
	secondErr := errNotSent
	ended := make(chan struct{})
	late := time.AfterFunc(h.patience(), func() {
		defer close(ended)
		if !h.allow() {
			return
		}
		if second, secondErr = h.timed(secondCtx, send); secondErr == nil {
			stopFirst()
		}
	})
	first, firstErr := h.timed(firstCtx, send)
	if late.Stop() {
		return first, firstErr
	}
	if firstErr == nil {
		stopSecond()
	}
	<-ended
	if firstErr == nil || secondErr != nil && !errors.Is(secondErr, store.ErrPrecondition) {
		return first, firstErr
	}
	return second, secondErr
}

var errNotSent = errors.New("not sent a second time")

func (h *hedge) timed(ctx context.Context, send func(context.Context) (store.Written, error)) (store.Written, error) {
	began := time.Now()
	written, err := send(ctx)
	if err == nil {
		h.learn(time.Since(began))
	}
	return written, err
}
