//go:build linux

package main

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/httpload"
)

// senders are how many connections the requests of the busy site come over.
const senders = 16

// fairness has one site asked for without end, and measures how long the others' requests
// take to be dispatched.
func fairness(t testing.TB, o options) []figure {
	t.Helper()
	s := newStage(t, o, nil)
	ctx, end := context.WithTimeout(t.Context(), o.beside)
	defer end()
	var asking sync.WaitGroup
	errs := make([]error, senders+1)
	for i := range senders {
		asking.Go(func() { errs[i] = s.ask(ctx, nameOf(0), i, time.Minute*senders/time.Duration(o.minute)) })
	}
	asking.Go(func() { errs[senders] = s.askOthers(ctx, o) })
	asking.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	busy, waits, open := s.dispatched(t)
	for deadline := time.Now().Add(time.Minute); open > 0 && time.Now().Before(deadline); busy, waits, open = s.dispatched(t) {
		if err := pause(t.Context(), 200*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	s.allWell(t)
	if len(waits) == 0 {
		t.Fatal("no other site was dispatched")
	}
	others := httpload.Summarize(waits, o.beside)
	return []figure{
		{name: "busy_requests_a_minute", value: float64(busy) / o.beside.Minutes(), least: 0.95 * float64(o.minute)},
		{name: "others_dispatched", value: float64(others.Count)},
		{name: "others_not_dispatched", value: float64(open), none: true},
		{name: "others_dispatch_p50_ms", value: others.P50, digits: 1},
		{name: "others_dispatch_p99_ms", value: others.P99, digits: 1, below: 1000},
		{name: "others_dispatch_longest_ms", value: others.Max, digits: 1},
	}
}

// ask asks for releases of the busy site over one connection, so often, until ctx ends.
func (s *stage) ask(ctx context.Context, site string, sender int, every time.Duration) error {
	u, err := url.Parse(s.server.URL)
	if err != nil {
		return fmt.Errorf("read the server's address: %w", err)
	}
	line, err := httpload.DialRequests(ctx, u.Host, s.server.Token, site, fmt.Sprintf("busy-%02d-", sender))
	if err != nil {
		return err
	}
	defer func() { _ = line.Close() }() // all was answered
	due := time.Now()
	for n := 0; ctx.Err() == nil; n++ {
		if _, err := line.Send(n); err != nil {
			return err
		}
		due = due.Add(every)
		_ = pause(ctx, time.Until(due)) // the loop looks
	}
	return nil
}

// askOthers asks for a release of one other site after the other, so that none is asked for
// again before its release is over, until ctx ends.
func (s *stage) askOthers(ctx context.Context, o options) error {
	every := time.NewTicker(time.Second / time.Duration(o.others))
	defer every.Stop()
	var asking sync.WaitGroup
	defer asking.Wait()
	var mu sync.Mutex
	var failed error
	for i := 1; ctx.Err() == nil; i++ {
		site := nameOf(1 + i%(o.sites-1))
		asking.Go(func() {
			_, err := s.client.Ask(s.ctx, site, fmt.Sprint("other-", i), api.RequestInput{Source: release.FromEditor})
			mu.Lock()
			defer mu.Unlock()
			if err != nil && failed == nil {
				failed = err
			}
		})
		select {
		case <-every.C:
		case <-ctx.Done():
		}
	}
	asking.Wait()
	return failed
}

// dispatched tells how many requests the busy site had, how long those of the others waited
// until the runner had their release, and how many wait still: by the times in the audit trail.
func (s *stage) dispatched(t testing.TB) (busy int, waits []time.Duration, open int) {
	t.Helper()
	since := map[string]time.Time{}
	for _, e := range s.events(t) {
		switch {
		case e.Site == nameOf(0):
			if e.Kind == ledger.KindAccepted {
				busy++
			}
		case e.Kind == ledger.KindAccepted:
			if since[e.Site].IsZero() {
				since[e.Site] = e.At
			}
		case e.Kind == release.KindDispatched && !since[e.Site].IsZero():
			waits = append(waits, e.At.Sub(since[e.Site]))
			delete(since, e.Site)
		}
	}
	return busy, waits, len(since)
}
