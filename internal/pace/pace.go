// Package pace limits how many requests a server of others gets at a time: few at first,
// more while the server stays quick, half as many when it is overloaded (429, 503), gives
// no answer or becomes slow, and none while it asks us to wait. All requests to one
// server share a Pacer.
package pace

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Pacer lets requests through, in the order in which they came. It is safe for use
// by many goroutines.
type Pacer struct {
	mu      sync.Mutex
	control Control
	waiting []chan time.Time // each gets its turn in order
	timer   *time.Timer
}

// New starts gently, within limits.
func New(limits Limits) *Pacer { return &Pacer{control: NewControl(limits)} }

// Do carries out a request when its turn has come. The request lasts until its body
// has been read. It fails only if ctx ends before.
func (p *Pacer) Do(ctx context.Context, request func() Answer) error {
	began, err := p.wait(ctx)
	if err != nil {
		return err
	}
	answer := Answer{Verdict: Failed} // if it panics
	defer func() { p.end(began, answer) }()
	answer = request()
	return nil
}

// AtOnce is how many requests may be under way now, Running how many are.
func (p *Pacer) AtOnce() (atOnce, running int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.control.AtOnce(), p.control.Running()
}

func (p *Pacer) wait(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	turn := make(chan time.Time, 1)
	p.mu.Lock()
	p.waiting = append(p.waiting, turn)
	p.letThrough()
	p.mu.Unlock()
	select {
	case began := <-turn:
		return began, nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, turn); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	} else { // its turn came just now: it is given back
		p.control.End(<-turn, time.Now(), Answer{Verdict: Failed})
		p.letThrough()
	}
	return time.Time{}, ctx.Err()
}

func (p *Pacer) end(began time.Time, a Answer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.control.End(began, time.Now(), a)
	p.letThrough()
}

// letThrough gives turns to those who wait, or sets a timer for when time alone is
// missing. The caller holds the lock.
func (p *Pacer) letThrough() {
	for len(p.waiting) > 0 {
		now := time.Now()
		ok, at := p.control.Begin(now)
		if !ok {
			if !at.IsZero() {
				p.wakeAt(at.Sub(now))
			}
			return
		}
		p.waiting[0] <- now
		p.waiting = p.waiting[1:]
	}
}

func (p *Pacer) wakeAt(in time.Duration) {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.timer = time.AfterFunc(in, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.letThrough()
	})
}
