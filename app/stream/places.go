package stream

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
)

// Places bounds how many event streams are open: in all, so that the app keeps
// room for runs and requests, and by one caller, so that none takes all.
type Places struct {
	most, mostOfOne int

	mu   sync.Mutex
	open int
	by   map[string]int // by the caller's name
	all  sync.WaitGroup
}

const (
	// MaxOpen bounds the streams in all.
	MaxOpen = 1000
	// MaxOfOne bounds the streams of one token, which many editors may share, each with a
	// page or two open.
	MaxOfOne = 300
	// Retry is when to try again after a refusal.
	Retry = 30 * time.Second
)

// NewPlaces makes Places for a number of streams in all, and of one caller.
func NewPlaces(most, mostOfOne int) *Places {
	return &Places{most: most, mostOfOne: mostOfOne, by: map[string]int{}}
}

// Limit changes the numbers. Open streams stay open.
func (p *Places) Limit(most, mostOfOne int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most, p.mostOfOne = most, mostOfOne
}

// Open is the number of open streams.
func (p *Places) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

// Enter takes a place for a caller's stream, which leave gives back, or refuses it.
func (p *Places) Enter(caller string) (leave func(), refused *api.Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	const instead = "; close some, try again in a moment, or ask now and then instead"
	switch {
	case p.by[caller] >= p.mostOfOne:
		return nil, problem.New(http.StatusTooManyRequests, "too_many_streams", fmt.Sprintf("%d event streams are open by %s, which is all it may%s", p.by[caller], caller, instead))
	case p.open >= p.most:
		return nil, problem.New(http.StatusServiceUnavailable, "too_many_streams", fmt.Sprintf("%d event streams are open, which is all the app has room for%s", p.open, instead))
	}
	p.open++
	p.all.Add(1)
	p.by[caller]++
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.all.Done()
		p.open--
		if p.by[caller]--; p.by[caller] == 0 {
			delete(p.by, caller)
		}
	}), nil
}

// Wait waits until all places are given back, or the context ends.
func (p *Places) Wait(ctx context.Context) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		p.all.Wait()
	}()
	select {
	case <-over:
	case <-ctx.Done():
	}
}
