package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// usual is a hedge that has seen so many writes, each of them quick.
func usual(n int) *hedge {
	h := new(hedge)
	for range n {
		h.learn(20 * time.Millisecond)
	}
	return h
}

func TestASlowWriteIsSentASecondTime(t *testing.T) {
	broken := errors.New("connection reset")
	type try struct {
		takes time.Duration
		err   error
	}
	for _, c := range []struct {
		name  string
		seen  int
		tries []try
		want  string // the ETag, or
		err   error
		takes time.Duration
		again int64
	}{
		{name: "a quick one is not", seen: 100, tries: []try{{takes: time.Second}}, want: "try 1", takes: time.Second},
		{name: "the second wins", seen: 100, tries: []try{{takes: time.Hour}, {takes: 30 * time.Millisecond}}, want: "try 2", takes: 2030 * time.Millisecond, again: 1},
		{name: "the first wins after all", seen: 100, tries: []try{{takes: 3 * time.Second}, {takes: time.Hour}}, want: "try 1", takes: 3 * time.Second, again: 1},
		{name: "the first had changed the file already", seen: 100, tries: []try{{takes: 4 * time.Second}, {takes: time.Second, err: store.ErrPrecondition}}, want: "try 1", takes: 4 * time.Second, again: 1},
		{name: "the first is dead and had changed the file", seen: 100, tries: []try{{takes: 4 * time.Second, err: broken}, {takes: time.Second, err: store.ErrPrecondition}}, err: store.ErrPrecondition, takes: 4 * time.Second, again: 1},
		{name: "the second wins where the first fails", seen: 100, tries: []try{{takes: 3 * time.Second, err: broken}, {takes: 5 * time.Second}}, want: "try 2", takes: 7 * time.Second, again: 1},
		{name: "both fail", seen: 100, tries: []try{{takes: 3 * time.Second, err: store.ErrPrecondition}, {takes: 5 * time.Second, err: broken}}, err: store.ErrPrecondition, takes: 7 * time.Second, again: 1},
		{name: "the first of a deploy are not", seen: 19, tries: []try{{takes: time.Minute}}, want: "try 1", takes: time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := usual(c.seen)
				began := time.Now()
				var n atomic.Int64
				written, err := h.do(t.Context(), func(ctx context.Context) (store.Written, error) {
					number := n.Add(1)
					this := c.tries[number-1]
					select {
					case <-time.After(this.takes):
						return store.Written{ETag: fmt.Sprintf("try %d", number)}, this.err
					case <-ctx.Done():
						return store.Written{}, ctx.Err()
					}
				})
				if !errors.Is(err, c.err) || (err == nil && written.ETag != c.want) {
					t.Errorf("%q, %v; want %q, %v", written.ETag, err, c.want, c.err)
				}
				if took := time.Since(began); took != c.takes {
					t.Errorf("it took %s, want %s", took, c.takes)
				}
				if h.sent() != c.again {
					t.Errorf("%d sent twice, want %d", h.sent(), c.again)
				}
			})
		})
	}
}

// A store that becomes slow with everything gets few second tries, then none.
func TestASlowStoreIsNotAskedTwiceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := usual(1000)
		for range 2000 {
			_, err := h.do(t.Context(), func(ctx context.Context) (store.Written, error) {
				select {
				case <-time.After(5 * time.Second):
				case <-ctx.Done():
				}
				return store.Written{}, ctx.Err()
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if h.sent() > 60 || h.patience() < 5*time.Second {
			t.Errorf("%d of 2000 were sent twice, and it waits %s; want at most 60, and over 5 s", h.sent(), h.patience())
		}
	})
}
