package ledger

import (
	"context"
	"errors"
	"sync"
	"time"
)

// sharedFor is how long an answer is given again while nothing is committed: clocks
// that it tells of go on.
const sharedFor = 250 * time.Millisecond

// Shared reads the ledger once for all who ask the same thing at once: a release's
// state changes before hundreds of open pages, which all look again. What it gives
// was read after the last commit that was acknowledged before it was asked, as if
// everybody had read alone. Its answers belong to all: nobody may change them.
type Shared[K comparable, T any] struct {
	// changed gives a channel that is closed at the next commit.
	changed func() <-chan struct{}
	now     func() time.Time

	mu       sync.Mutex
	readings map[K]*reading[T]
}

// Share shares readings of a ledger; now tells the time.
func Share[K comparable, T any](l *Ledger, now func() time.Time) *Shared[K, T] {
	return &Shared[K, T]{changed: l.Changed, now: now, readings: map[K]*reading[T]{}}
}

// errBrokenOff is the error of a reading that panicked.
var errBrokenOff = errors.New("the reading broke off")

// reading is one that goes on, or is over.
type reading[T any] struct {
	changed <-chan struct{} // taken before it began
	began   time.Time
	over    chan struct{}
	value   T
	err     error
}

// good says whether an answer that is asked for now may be this one.
func (r *reading[T]) good(now time.Time) bool {
	select {
	case <-r.changed:
		return false
	default:
		return !now.Before(r.began) && now.Sub(r.began) < sharedFor
	}
}

// Get gives what read reads, or read for somebody else a moment before.
func (s *Shared[K, T]) Get(ctx context.Context, key K, read func(context.Context) (T, error)) (T, error) {
	r, mine := s.enter(key)
	if mine {
		defer close(r.over)
		r.value, r.err = read(ctx)
		return r.value, r.err
	}
	select {
	case <-r.over:
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
	if r.err != nil { // that caller may have gone: an error is nobody else's
		return read(ctx)
	}
	return r.value, nil
}

// enter joins a reading, or begins one.
func (s *Shared[K, T]) enter(key K) (r *reading[T], mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if r, ok := s.readings[key]; ok && r.good(now) {
		return r, false
	}
	for old, r := range s.readings {
		if !r.good(now) {
			delete(s.readings, old)
		}
	}
	r = &reading[T]{changed: s.changed(), began: now, over: make(chan struct{}), err: errBrokenOff}
	s.readings[key] = r
	return r, true
}
