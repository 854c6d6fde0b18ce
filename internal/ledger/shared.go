package ledger

import (
	"context"
	"errors"
	"sync"
	"time"
)

// sharedFor is how long an answer is shared while nothing is committed: it may tell times
// relative to now.
const sharedFor = 250 * time.Millisecond

// Shared reads the ledger once for all who ask for the same key at once: when a release's
// state changes, hundreds of open pages read it again. An answer was read after the last
// commit that was acknowledged before Get was called, as if each caller had read alone.
// Answers are shared: nobody may change them.
type Shared[K comparable, T any] struct {
	// changed gives a channel that is closed at the next commit.
	changed func() <-chan struct{}
	now     func() time.Time

	mu       sync.Mutex
	readings map[K]*reading[T]
}

// Share makes a Shared for a ledger; now is its clock.
func Share[K comparable, T any](l *Ledger, now func() time.Time) *Shared[K, T] {
	return &Shared[K, T]{changed: l.Changed, now: now, readings: map[K]*reading[T]{}}
}

// errBrokenOff is the error of a reading that panicked.
var errBrokenOff = errors.New("the reading broke off")

// reading is a read that is under way, or over.
type reading[T any] struct {
	changed <-chan struct{} // taken before it began
	began   time.Time
	over    chan struct{}
	value   T
	err     error
}

// good says whether this reading may answer a caller who asks now.
func (r *reading[T]) good(now time.Time) bool {
	select {
	case <-r.changed:
		return false
	default:
		return !now.Before(r.began) && now.Sub(r.began) < sharedFor
	}
}

// Get returns the result of read, or of another caller's read a moment before.
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
	if r.err != nil { // that caller may have given up: errors are not shared
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
