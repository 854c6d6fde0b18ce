//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/program"
)

const siteName = "www"

// asked is a request as its requester remembers it.
type asked struct {
	key, id string
	// sent counts how often it was sent until it was acknowledged.
	sent int
	// again says that the acknowledged sending was not the first that was taken.
	again bool
	err   error
}

// crowd are the requesters.
type crowd struct {
	server  *program.Server
	stop    atomic.Bool
	members sync.WaitGroup
	mu      sync.Mutex
	asked   []*asked
}

func newCrowd(server *program.Server) *crowd { return &crowd{server: server} }

// begin lets the requesters ask without end.
func (c *crowd) begin(ctx context.Context, o options) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = o.requesters
	client, err := api.NewClient(c.server.URL, c.server.Token, api.Options{Tries: 1, Transport: transport})
	if err != nil {
		panic(err) // the address is ours
	}
	for i := range o.requesters {
		chance := rand.New(rand.NewPCG(o.seed, uint64(i)+1))
		c.members.Go(func() {
			for n := 0; !c.stop.Load() && ctx.Err() == nil; n++ {
				c.ask(ctx, client, &asked{key: fmt.Sprintf("requester-%d-%d", i, n)})
				time.Sleep(time.Duration(chance.Int64N(int64(20 * time.Millisecond))))
			}
		})
	}
}

// ask sends a request with its key until somebody says that it is on disk.
func (c *crowd) ask(ctx context.Context, client *api.Client, one *asked) {
	for ctx.Err() == nil {
		one.sent++
		got, err := client.Ask(ctx, siteName, one.key, api.RequestInput{Source: release.FromContent, Actor: "requester", Title: one.key})
		p, answered := errors.AsType[*api.Problem](err)
		switch {
		case err == nil:
			one.id, one.again = got.ID, got.Duplicate
		case answered && p.Status < http.StatusInternalServerError:
			one.err = err
		default:
			time.Sleep(10 * time.Millisecond)
			continue
		}
		c.mu.Lock()
		c.asked = append(c.asked, one)
		c.mu.Unlock()
		return
	}
}

func (c *crowd) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// end waits until the requesters have their answers.
func (c *crowd) end() []*asked {
	c.stop.Store(true)
	c.members.Wait()
	return c.asked
}
